#include "test/support/process/run_delay.hpp"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace clearance::test {

namespace {

// Reads the second number. Source: Documentation/scheduler/sched-stats.rst.
std::chrono::nanoseconds second_number(int fd) {
  std::array<char, 128> text{};
  if (::pread(fd, text.data(), text.size() - 1, 0) <= 0)
    return {};
  char* rest = text.data();
  std::strtoll(rest, &rest, 10);
  return std::chrono::nanoseconds{std::strtoll(rest, nullptr, 10)};
}

unique_fd open_account(const std::string& path) {
  return unique_fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
}

} // namespace

run_delay::run_delay() : file_(open_account("/proc/thread-self/schedstat")) {
  // nop
}

std::chrono::nanoseconds run_delay::so_far() const {
  return second_number(file_.get());
}

std::chrono::nanoseconds run_delay_of(pid_t pid) {
  std::chrono::nanoseconds result{};
  const auto tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator{tasks})
    result += second_number(open_account(task.path() / "schedstat").get());
  return result;
}

// Reads the eighth number of the first line. Source: proc(5).
std::chrono::nanoseconds stolen_time() {
  std::ifstream in("/proc/stat");
  std::string word;
  for (int i = 0; i <= 8; ++i)
    in >> word;
  const auto ticks = std::strtoll(word.c_str(), nullptr, 10);
  return std::chrono::nanoseconds{std::chrono::seconds{ticks}}
         / ::sysconf(_SC_CLK_TCK);
}

} // namespace clearance::test
