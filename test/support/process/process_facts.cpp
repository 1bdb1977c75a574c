#include "test/support/process/process_facts.hpp"

#include "test/support/deadline.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <linux/seccomp.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace clearance::test {

namespace {

std::filesystem::path proc(pid_t pid) {
  return std::filesystem::path("/proc") / std::to_string(pid);
}

std::size_t entries(const std::filesystem::path& path) {
  const std::filesystem::directory_iterator begin{path};
  return static_cast<std::size_t>(std::distance(begin, end(begin)));
}

// The value of a line of such a file in /proc.
std::string value_of(const std::filesystem::path& file,
                     const std::string& name) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name + ":"))
      return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  throw std::runtime_error("no " + name + " in " + file.string());
}

} // namespace

std::size_t descriptor_count(pid_t pid) {
  return entries(proc(pid) / "fd");
}

std::size_t thread_count(pid_t pid) {
  return entries(proc(pid) / "task");
}

// A thread that has not begun to run is runnable, as one that runs.
bool all_threads_wait(pid_t pid) {
  for (const auto& x : std::filesystem::directory_iterator{proc(pid) / "task"})
    if (!value_of(x.path() / "status", "State").starts_with('S'))
      return false;
  return true;
}

long landlock_abi() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1);
}

bool has_landlock() {
  return landlock_abi() >= 2;
}

bool has_seccomp() {
#ifdef TEST_SECCOMP
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr, 0, 0) != 0
         && errno == EFAULT;
#else
  return false;
#endif
}

std::string status_of(pid_t pid, const std::string& name) {
  return value_of(proc(pid) / "status", name);
}

std::size_t resident_bytes(pid_t pid) {
  return std::stoul(status_of(pid, "VmRSS")) * 1024;
}

std::size_t soft_descriptor_limit(pid_t pid) {
  const std::string name = "Max open files";
  std::ifstream in{proc(pid) / "limits"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name))
      return std::stoul(line.substr(name.size()));
  throw std::runtime_error("no limits of process " + std::to_string(pid));
}

void await_descriptor_count(pid_t pid, std::size_t count) {
  const deadline guard;
  for (;;) {
    const auto now = descriptor_count(pid);
    if (now == count)
      return;
    guard.pace(std::to_string(count) + " descriptors, there are "
               + std::to_string(now));
  }
}

} // namespace clearance::test
