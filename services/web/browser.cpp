#include "services/web/browser.hpp"

#include "actors/io/process/find_program.hpp"
#include "protocol/text/error_text.hpp"
#include "services/client/descriptor.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <unistd.h>

namespace clearance::services {

link_file::link_file(const std::string& directory, const std::string& link) {
  auto path = directory + "/terok-clearance-web-XXXXXX.html";
  constexpr int suffix = 5; // `.html`
  const descriptor fd{::mkostemps(path.data(), suffix, O_CLOEXEC)};
  if (!fd)
    return;
  path_ = path; // from now on the file is removed
  const auto text =
      "<!doctype html><meta charset=utf-8><meta name=referrer "
      "content=no-referrer><meta http-equiv=refresh content=\"0;url="
      + link + "\"><title>terok-clearance</title>\n";
  // mkostemps(3) makes it 0600.
  if (::write(fd.get(), text.data(), text.size())
      != static_cast<ssize_t>(text.size()))
    remove();
}

void link_file::remove() noexcept {
  if (!path_.empty())
    (void)!::unlink(path_.c_str());
  path_.clear();
}

std::string browser_program() {
  const char* chosen = std::getenv("BROWSER"); // NOLINT(concurrency-mt-unsafe)
  // A list, or a command with words, is for xdg-open to understand.
  if (chosen != nullptr && *chosen != '\0'
      && std::string_view{chosen}.find_first_of(": %")
             == std::string_view::npos)
    if (auto found = io::find_program(chosen); !found.empty())
      return found;
  return io::find_program("xdg-open");
}

// Its output is not for this terminal: browsers say much. The child is left to
// itself; SIGCHLD is ignored, so none becomes a zombie.
std::string start_browser(const std::string& program, const std::string& path) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  sigset_t all;
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes,
                             static_cast<short>(POSIX_SPAWN_SETSIGMASK
                                                | POSIX_SPAWN_SETSIGDEF
                                                | POSIX_SPAWN_SETSID));
  std::string words[] = {program, path};
  char* arguments[] = {words[0].data(), words[1].data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawn(&child, program.c_str(), &actions,
                                  &attributes, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return error == 0 ? std::string{} : protocol::error_text(error);
}

} // namespace clearance::services
