#include "services/client/stop_signals.hpp"

#include "services/process/exit_code.hpp"

#include <csignal>
#include <sys/signalfd.h>
#include <unistd.h>

namespace clearance::services {

namespace {

extern "C" void end_at_once(int) {
  ::_exit(exit_ok);
}

} // namespace

descriptor signal_descriptor(std::initializer_list<int> numbers) {
  sigset_t set;
  ::sigemptyset(&set);
  for (int number : numbers)
    ::sigaddset(&set, number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return descriptor{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
}

descriptor stop_signals() {
  for (int number : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    ::sigaction(number, nullptr, &action);
    if (action.sa_handler == SIG_IGN)
      continue;
    action.sa_handler = end_at_once;
    ::sigaction(number, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
  return signal_descriptor({SIGINT, SIGTERM});
}

} // namespace clearance::services
