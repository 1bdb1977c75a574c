#include "test/actors/io/process/processes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <iterator>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace clearance::test {

bool await_end(pid_t pid) {
  // A bare system call, because glibc 2.36's header has no extern "C".
  io::unique_fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd)
    return errno == ESRCH;
  pollfd entry{fd.get(), POLLIN, 0};
  return ::poll(&entry, 1, 10'000) == 1;
}

bool no_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0
         && errno == ECHILD;
}

std::size_t open_descriptors() {
  std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

pid_t number_in(const std::string& text) {
  auto at = text.find_first_of("0123456789");
  return at == std::string::npos ? -1 : std::atoi(text.c_str() + at);
}

std::string read_all(const io::unique_fd& fd) {
  std::string result;
  std::array<char, 4096> buffer;
  ssize_t n = 0;
  while ((n = ::read(fd.get(), buffer.data(), buffer.size())) > 0)
    result.append(buffer.data(), static_cast<std::size_t>(n));
  CHECK_EQ(n, 0);
  return result;
}

pipe_ends::pipe_ends() {
  std::array<int, 2> ends{};
  REQUIRE_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  reading.reset(ends[0]);
  writing.reset(ends[1]);
}

} // namespace clearance::test
