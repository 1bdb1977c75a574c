#include "actors/io/base/small_file.hpp"

#include "protocol/text/error_text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace {

file_fault errno_fault() {
  const auto error = errno;
  return {error, protocol::error_text(error)};
}

} // namespace

std::variant<regular_file, file_fault>
open_regular(int directory, const std::string& path, int more_flags) {
  regular_file result;
  result.fd.reset(
      ::openat(directory, path.c_str(),
               O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | more_flags));
  // The opened file is checked, because another file may have the name by now.
  if (!result.fd || ::fstat(result.fd.get(), &result.info) != 0)
    return errno_fault();
  if (!S_ISREG(result.info.st_mode))
    return file_fault{0, "is not a regular file"};
  return result;
}

// Most files are far smaller than their limit, so memory for the limit is not
// touched in advance.
std::variant<std::string, file_fault> read_up_to(int fd,
                                                 std::size_t max_bytes) {
  std::string result;
  std::array<char, 8192> piece;
  while (result.size() <= max_bytes) {
    const auto n =
        ::read(fd, piece.data(),
               std::min(piece.size(), max_bytes + 1 - result.size()));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno_fault();
    if (n == 0)
      break;
    result.append(piece.data(), static_cast<std::size_t>(n));
  }
  return result;
}

} // namespace clearance::io
