#include "actors/io/process/group_sleep.hpp"

#include "actors/io/base/unique_fd.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <system_error>
#include <unistd.h>

namespace clearance::io {

namespace {

// The first five fields are needed, and a name has at most 64 bytes.
constexpr std::size_t stat_start_bytes = 256;

struct close_directory {
  void operator()(DIR* x) const noexcept { ::closedir(x); }
};

} // namespace

// "PID (NAME) STATE PARENT GROUP ...": a name may contain every character, also
// a bracket.
bool sleeps_uninterruptibly(std::string_view stat, pid_t group) noexcept {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos)
    return false;
  const auto rest = stat.substr(name_end + 1);
  if (!rest.starts_with(" D "))
    return false;
  const auto at = rest.find(' ', 3);
  if (at == std::string_view::npos)
    return false;
  pid_t found = 0;
  const auto [end, error] =
      std::from_chars(rest.data() + at + 1, rest.data() + rest.size(), found);
  return error == std::errc{} && end != rest.data() + rest.size()
         && found == group;
}

bool sleeps_uninterruptibly(pid_t group) noexcept {
  const std::unique_ptr<DIR, close_directory> processes{::opendir("/proc")};
  if (!processes)
    return false;
  // One thread uses this stream. NOLINTNEXTLINE(concurrency-mt-unsafe)
  while (const auto* entry = ::readdir(processes.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
      continue;
    std::array<char, sizeof(entry->d_name) + 8> name{};
    std::snprintf(name.data(), name.size(), "%s/stat", entry->d_name);
    const unique_fd file{
        ::openat(::dirfd(processes.get()), name.data(), O_RDONLY | O_CLOEXEC)};
    std::array<char, stat_start_bytes> text{};
    const auto size = file ? ::read(file.get(), text.data(), text.size()) : -1;
    if (size > 0
        && sleeps_uninterruptibly({text.data(), static_cast<std::size_t>(size)},
                                  group))
      return true;
  }
  return false;
}

} // namespace clearance::io
