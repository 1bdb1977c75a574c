#include "services/gate/hooks/marker_file.hpp"

#include "actors/io/base/unique_fd.hpp"
#include "protocol/text/error_text.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <string_view>
#include <unistd.h>

namespace clearance::services {

namespace {

constexpr auto path = "terok-push-marker";

// 0, or an errno.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR)
      return errno;
    text.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  return 0;
}

int write_file(const std::string& name, std::string_view text) {
  io::unique_fd fd(
      ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd)
    return errno;
  if (const auto error = write_all(fd.get(), text))
    return error;
  return ::fsync(fd.get()) == 0 ? 0 : errno;
}

} // namespace

std::string read_push_marker() {
  std::ifstream in(path, std::ios::binary);
  std::string result;
  std::array<char, 4096> buffer;
  while (in.read(buffer.data(), buffer.size()), in.gcount() > 0)
    result.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
  return result; // what cannot be read has no notes
}

std::string replace_push_marker(const std::string& text) {
  const auto temporary = std::string(path) + "." + std::to_string(::getpid());
  auto error = write_file(temporary, text);
  if (error == 0 && std::rename(temporary.c_str(), path) != 0)
    error = errno;
  if (error == 0)
    return {};
  ::unlink(temporary.c_str());
  return std::string("cannot replace ") + path + ": "
         + protocol::error_text(error);
}

} // namespace clearance::services
