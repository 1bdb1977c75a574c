#include "services/client/socket_owner.hpp"

#include "services/cli/terminal.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace clearance::services {

std::string user_text(uid_t uid) {
  auto text = "uid " + std::to_string(uid);
  // The clients have one thread.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (const auto* user = ::getpwuid(uid); user != nullptr)
    text += " (" + shown(user->pw_name) + ")";
  return text;
}

std::string foreign_owner(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || found.st_uid == ::getuid())
    return {};
  return shown(path) + " belongs to " + user_text(found.st_uid)
         + " and you are " + user_text(::getuid())
         + ": a hub serves its own user alone";
}

} // namespace clearance::services
