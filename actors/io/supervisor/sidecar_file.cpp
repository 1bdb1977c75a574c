#include "actors/io/supervisor/sidecar_file.hpp"

#include "actors/io/base/ran_out.hpp"
#include "actors/io/base/small_file.hpp"
#include "protocol/supervisor/limits.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace supervisor_limits = protocol::supervisor_limits;

namespace {

unread_sidecar fault(std::string why) {
  return {{"", std::move(why)}};
}

unread_sidecar fault(const file_fault& x) {
  if (x.error == ELOOP)
    return fault("is a symbolic link");
  return {{"", x.why}, ran_out(x.error)};
}

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
  const auto opened = open_regular(directory, name, strict ? O_NOFOLLOW : 0);
  if (const auto* x = std::get_if<file_fault>(&opened))
    return fault(*x);
  const auto& file = std::get<regular_file>(opened);
  if (auto why = strict ? distrust(file.info) : std::string{}; !why.empty())
    return fault(std::move(why));
  // Reads one byte more than the limit, so that the parser refuses a longer
  // file.
  auto text = read_up_to(file.fd.get(), supervisor_limits::sidecar_max_bytes);
  if (const auto* x = std::get_if<file_fault>(&text))
    return fault(*x);
  return std::get<std::string>(std::move(text));
}

} // namespace clearance::io
