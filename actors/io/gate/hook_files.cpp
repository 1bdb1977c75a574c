#include "actors/io/gate/hook_files.hpp"

#include "actors/base/log.hpp"
#include "actors/io/base/small_file.hpp"
#include "protocol/gate/hook_script.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::io {

namespace fs = std::filesystem;

namespace {

using actors::log;
using actors::severity;

constexpr std::size_t script_max_bytes = 64 * 1024;
constexpr mode_t hook_mode = 0700;

std::string path_of(const std::string& directory, std::string_view name) {
  return (fs::path{directory} / name).string();
}

bool is_program(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

bool is_written(const std::string& hook, const std::string& script) {
  struct stat about {};
  return ::lstat(hook.c_str(), &about) == 0 && S_ISREG(about.st_mode)
         && (about.st_mode & 07777) == hook_mode && read_hook(hook) == script;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR)
      return false;
    text.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  return true;
}

// Whether the gate may write the hook: it is missing, or it is one of ours that
// does not work.
bool is_to_be_written(const std::string& hook, std::string_view name) {
  struct stat about {};
  if (::lstat(hook.c_str(), &about) != 0)
    return errno == ENOENT;
  const auto origin = protocol::parse_hook_script(read_hook(hook), name);
  return origin.ours
         && (!is_program(origin.program) || ::access(hook.c_str(), X_OK) != 0);
}

bool exists(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0;
}

void add_directory(std::vector<std::string>& to, const fs::path& program) {
  auto directory = program.parent_path().string();
  // The root directory would be everything that there is.
  if (directory.size() > 1
      && std::find(to.begin(), to.end(), directory) == to.end())
    to.push_back(std::move(directory));
}

} // namespace

std::string read_hook(const std::string& path) {
  const auto file = open_regular(AT_FDCWD, path);
  const auto* open = std::get_if<regular_file>(&file);
  if (open == nullptr)
    return {};
  auto text = read_up_to(open->fd.get(), script_max_bytes);
  auto* result = std::get_if<std::string>(&text);
  return result != nullptr ? std::move(*result) : std::string{};
}

std::string write_hook(const std::string& directory, std::string_view name,
                       const std::string& program) {
  const auto script = protocol::hook_script(program, name);
  const auto hook = path_of(directory, name);
  if (is_written(hook, script))
    return {};
  auto temporary = hook + ".XXXXXX"; // two gates may start at the same time
  unique_fd file{::mkostemp(temporary.data(), O_CLOEXEC)};
  if (!file)
    return protocol::error_text(errno);
  const bool written = write_all(file.get(), script)
                       && ::fchmod(file.get(), hook_mode) == 0
                       && std::rename(temporary.c_str(), hook.c_str()) == 0;
  if (written)
    return {};
  auto why = protocol::error_text(errno);
  ::unlink(temporary.c_str());
  return why;
}

void settle_hooks(const std::string& directory, const std::string& program) {
  for (const auto name : our_hooks) {
    const auto hook = path_of(directory, name);
    const auto shown = protocol::escaped(hook);
    const bool there = exists(hook);
    if (is_to_be_written(hook, name)) {
      if (const auto why = write_hook(directory, name, program); !why.empty())
        return log(severity::warning, "gate",
                   "a hook of ours cannot be written: what pushes delete or "
                   "change is not saved. Make the directory writable and start "
                   "the gate again, or run terok-gate --install-hooks",
                   {{"hook", shown}, {"why", why}});
      if (there)
        log(severity::info, "gate",
            "wrote a hook anew: it was of another version, or its program "
            "could not be executed",
            {{"hook", shown}, {"program", protocol::escaped(program)}});
    } else if (name == our_hooks.front()
               && !protocol::parse_hook_script(read_hook(hook), name).ours) {
      log(severity::info, "gate",
          "a hook of yours is in the place of ours: what pushes delete or "
          "change is saved only if it does that. To get ours, remove the file "
          "and start the gate again",
          {{"hook", shown}});
    }
  }
}

void remove_hooks(const std::string& directory) {
  for (const auto name : our_hooks)
    if (const auto hook = path_of(directory, name);
        protocol::parse_hook_script(read_hook(hook), name).ours)
      ::unlink(hook.c_str());
}

std::vector<std::string> hook_program_directories(const std::string& hooks) {
  std::vector<std::string> result;
  for (const auto name : our_hooks) {
    const auto text = read_hook(path_of(hooks, name));
    const fs::path program = protocol::parse_hook_script(text, name).program;
    if (!program.is_absolute())
      continue;
    add_directory(result, program);
    std::error_code error;
    if (const auto real = fs::canonical(program, error); !error)
      add_directory(result, real);
  }
  return result;
}

} // namespace clearance::io
