#include "services/process/standard_descriptors.hpp"

#include "services/process/exit_code.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace clearance::services {

namespace {

/// How each is opened: stdin for writing alone and stdout for reading alone, as
/// glibc does it for programs that change their user.
struct standard_descriptor {
  int fd;
  int flags;
};

constexpr standard_descriptor standard_descriptors[] = {
    {STDIN_FILENO, O_WRONLY},
    {STDOUT_FILENO, O_RDONLY},
    {STDERR_FILENO, O_WRONLY},
};

bool is_closed(int fd) {
  return ::fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

sigset_t only_hangup() {
  sigset_t result;
  ::sigemptyset(&result);
  ::sigaddset(&result, SIGHUP);
  return result;
}

[[noreturn]] void end_without_descriptor() {
  constexpr std::string_view text =
      "stdin, stdout or stderr is closed, and no descriptor can be opened in "
      "its place; start the program with all three\n";
  (void)!::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(exit_failed);
}

} // namespace

void open_standard_descriptors() {
  for (auto [fd, flags] : standard_descriptors) {
    if (!is_closed(fd))
      continue;
    // The kernel gives the lowest free number, and all below are taken. Where
    // there is no /dev, the root directory holds the number as well: it can
    // neither be read nor written.
    int opened = ::open("/dev/null", flags);
    if (opened < 0)
      opened = ::open("/", O_PATH);
    if (opened != fd)
      end_without_descriptor();
  }
}

void settle_program() {
  open_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

void settle_reloading_program() {
  // First, because until then the signal ends the program. One step: a signal
  // that was blocked by whoever started the program is not delivered between.
  const auto hangup = only_hangup();
  ::pthread_sigmask(SIG_SETMASK, &hangup, nullptr);
  open_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);
}

void let_hangup_end_program() {
  const auto hangup = only_hangup();
  ::pthread_sigmask(SIG_UNBLOCK, &hangup, nullptr);
}

bool has_stdout() {
  int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  return flags >= 0 && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_RDONLY;
}

} // namespace clearance::services
