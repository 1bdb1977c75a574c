#include "services/guard/terminal_job.hpp"

#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace clearance::services {

namespace {

// A process of the background that does this is stopped by SIGTTOU otherwise.
void give_terminal(int terminal, pid_t group) {
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGTTOU, &ignore, &before);
  ::tcsetpgrp(terminal, group);
  ::sigaction(SIGTTOU, &before, nullptr);
}

bool is_in_foreground(int terminal) {
  return ::tcgetpgrp(terminal) == ::getpgrp();
}

} // namespace

terminal_job::terminal_job()
    : terminal_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
  if (!terminal_)
    return;
  shares_group_ = ::getpgrp() != ::getpid() || ::isatty(STDIN_FILENO) == 0
                  || ::isatty(STDOUT_FILENO) == 0;
  if (shares_group_)
    terminal_.reset();
  else
    has_terminal_ = is_in_foreground(terminal_.get());
}

int terminal_job::resume_signal() noexcept {
  return SIGRTMIN;
}

void terminal_job::lead_own_group() const {
  if (shares_group_)
    return;
  ::setpgid(0, 0);
  if (has_terminal_)
    give_terminal(terminal_.get(), ::getpid());
}

void terminal_job::resume(pid_t command, bool in_foreground) const {
  if (in_foreground)
    give_terminal(terminal_.get(), command);
  ::kill(-command, SIGCONT);
}

void terminal_job::stop_and_resume(pid_t first_process) {
  // The shell has put us into the foreground while COMMAND was in the
  // background: COMMAND stopped because it wanted the terminal.
  if (!is_in_foreground(terminal_.get()))
    ::kill(0, SIGTSTP); // returns when the shell continues us
  has_terminal_ = is_in_foreground(terminal_.get());
  sigval value{};
  value.sival_int = has_terminal_ ? 1 : 0;
  ::sigqueue(first_process, resume_signal(), value);
}

void terminal_job::take_terminal_back() const {
  if (has_terminal_)
    give_terminal(terminal_.get(), ::getpgrp());
}

} // namespace clearance::services
