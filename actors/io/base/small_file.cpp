#include "actors/io/base/small_file.hpp"

#include "protocol/text/error_text.hpp"

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

std::variant<std::string, file_fault> read_up_to(int fd,
                                                 std::size_t max_bytes) {
  std::string result(max_bytes + 1, '\0');
  std::size_t size = 0;
  while (size < result.size()) {
    const auto n = ::read(fd, result.data() + size, result.size() - size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno_fault();
    if (n == 0)
      break;
    size += static_cast<std::size_t>(n);
  }
  result.resize(size);
  return result;
}

} // namespace clearance::io
