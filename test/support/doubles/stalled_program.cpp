// A process in an uninterruptible sleep, without a disk that stalls: it waits
// for the child of a vfork(), which waits for somebody to open the named pipe.
// Its parent's SIGTERM is handled once the sleep is over: it says "cleaned".

#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

void clean(int) {
  [[maybe_unused]] const auto n = ::write(1, "cleaned\n", 8);
  ::_exit(5);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2)
    return 2;
  std::signal(SIGTERM, clean);
  // Unlike vfork() itself it gives the child a memory of its own.
  const auto child = ::syscall(SYS_clone, CLONE_VFORK | SIGCHLD, nullptr,
                               nullptr, nullptr, nullptr);
  if (child == 0) {
    std::signal(SIGTERM, SIG_IGN);
    [[maybe_unused]] const auto n = ::write(1, "stalled\n", 8);
    ::open(argv[1], O_RDONLY);
    ::_exit(0);
  }
  for (;;)
    ::pause();
}
