#include "actors/io/supervisor/sidecar_file.hpp"

#include "actors/io/base/ran_out.hpp"
#include "actors/io/base/unique_fd.hpp"
#include "protocol/supervisor/limits.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace clearance::io {

namespace supervisor_limits = protocol::supervisor_limits;

namespace {

unread_sidecar fault(std::string why) {
  return {{"", std::move(why)}};
}

unread_sidecar errno_fault() {
  const auto error = errno;
  if (error == ELOOP)
    return fault("is a symbolic link");
  return {{"", std::generic_category().message(error)}, ran_out(error)};
}

// What is checked is what was opened, whatever stands at the name by now.
std::string distrust(const struct stat& info) {
  if (info.st_uid != ::getuid())
    return "is owned by uid " + std::to_string(info.st_uid) + ", not by "
           + std::to_string(::getuid());
  if ((info.st_mode & 0077U) != 0)
    return "is accessible to group or others";
  return {};
}

} // namespace

std::variant<std::string, unread_sidecar>
read_sidecar(int directory, const std::string& name, file_trust trust) {
  const bool strict = trust == file_trust::ours;
  const unique_fd fd{::openat(directory, name.c_str(),
                              O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
                                  | (strict ? O_NOFOLLOW : 0))};
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0)
    return errno_fault();
  if (!S_ISREG(info.st_mode))
    return fault("is not a regular file");
  if (auto why = strict ? distrust(info) : std::string{}; !why.empty())
    return fault(std::move(why));
  std::string result(supervisor_limits::sidecar_max_bytes + 1, '\0');
  std::size_t size = 0;
  ssize_t n = 0;
  while (size < result.size()
         && (n = ::read(fd.get(), result.data() + size, result.size() - size))
                > 0)
    size += static_cast<std::size_t>(n);
  if (n < 0)
    return errno_fault();
  result.resize(size); // one byte too many is the parser's to refuse
  return result;
}

} // namespace clearance::io
