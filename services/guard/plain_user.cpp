#include "services/guard/plain_user.hpp"

#include "services/client/unix_socket.hpp"
#include "services/guard/container_init.hpp"
#include "services/guard/say.hpp"
#include "services/process/setup_fault.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <grp.h>
#include <optional>
#include <pwd.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>

namespace clearance::services {

namespace {

// Before any thread is started.
// NOLINTBEGIN(concurrency-mt-unsafe)
std::optional<unsigned> number_in(const char* variable) {
  const char* value = std::getenv(variable);
  const std::string_view text = value == nullptr ? "" : value;
  unsigned number = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && at == end && number != 0
             ? std::optional{number}
             : std::nullopt;
}

void set_home(uid_t uid) {
  if (const auto* user = ::getpwuid(uid)) {
    ::setenv("HOME", user->pw_dir, 1);
    ::setenv("USER", user->pw_name, 1);
    ::setenv("LOGNAME", user->pw_name, 1);
  }
  ::unsetenv("XDG_RUNTIME_DIR"); // root's, if there is one
}
// NOLINTEND(concurrency-mt-unsafe)

} // namespace

void become_plain_user() {
  if (::geteuid() != 0)
    return;
  const auto uid = number_in("SUDO_UID");
  const auto gid = number_in("SUDO_GID");
  if (!uid || !gid) {
    say("started as root: COMMAND runs as root and is NOT contained, because"
        " root can change the machine's files and settings. Start terok-guard"
        " as a plain user");
    return;
  }
  if (::setgroups(0, nullptr) != 0 || ::setresgid(*gid, *gid, *gid) != 0
      || ::setresuid(*uid, *uid, *uid) != 0)
    throw setup_fault(exit_run_failed, "cannot become the user "
                                           + std::to_string(*uid) + ": "
                                           + error_text(errno));
  set_home(*uid);
  // The change made the files of this process in /proc root's.
  ::prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL);
}

} // namespace clearance::services
