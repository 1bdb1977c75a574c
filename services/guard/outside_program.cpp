#include "services/guard/outside_program.hpp"

#include "actors/io/process/find_program.hpp"
#include "protocol/text/text.hpp"
#include "services/guard/say.hpp"

#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace clearance::services {

namespace {

constexpr const char* system_directories[] = {"/usr/bin", "/usr/local/bin",
                                              "/bin"};

struct file_facts {
  bool is_own = false;
  bool is_writable = false;
  bool is_sticky = false;
};

// Whoever owns a file or a directory can make it writable.
file_facts facts_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return {};
  return {info.st_uid == ::getuid(), ::access(path.c_str(), W_OK) == 0,
          (info.st_mode & S_ISVTX) != 0};
}

bool is_replaceable_as_written(const std::filesystem::path& path) {
  auto inner = facts_of(path.string());
  if (inner.is_own || inner.is_writable)
    return true;
  for (auto at = path; at != at.root_path();) {
    at = at.parent_path();
    const auto outer = facts_of(at.string());
    // In a sticky directory such as /tmp everybody renames his own files alone.
    if (outer.is_own
        || (outer.is_writable && (!outer.is_sticky || inner.is_own)))
      return true;
    inner = outer;
  }
  return false;
}

} // namespace

bool is_replaceable(const std::string& path) {
  if (::getuid() == 0)
    return false;
  std::error_code error;
  const auto written = std::filesystem::absolute(path, error);
  if (error || is_replaceable_as_written(written))
    return true;
  // A link may lead elsewhere.
  const auto real = std::filesystem::canonical(written, error);
  return error || is_replaceable_as_written(real);
}

std::string find_outside_program(const std::string& name) {
  auto first = io::find_program(name);
  if (first.empty() || !is_replaceable(first))
    return first;
  for (std::string other : system_directories) {
    other += '/';
    other += name;
    if (!io::find_program(other).empty() && !is_replaceable(other))
      return other;
  }
  return first;
}

std::string own_program() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

void warn_if_replaceable(const std::string& path) {
  if (is_replaceable(path))
    say("COMMAND can replace " + protocol::escaped(path)
        + ", which runs outside of the container: install it where only root"
          " can write");
}

} // namespace clearance::services
