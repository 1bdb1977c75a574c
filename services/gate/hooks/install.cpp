// Our hooks: two scripts that run this program.

#include "protocol/gate/hook_script.hpp"
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/gate/gate.hpp"
#include "services/gate/hooks/hook_check.hpp"
#include "services/process/exit_code.hpp"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/stat.h>

namespace clearance::services {

namespace {

namespace fs = std::filesystem;

// Whether the file is what write_hook() would leave there.
bool is_installed(const fs::path& hook, const std::string& script) {
  struct stat about {};
  return ::lstat(hook.c_str(), &about) == 0 && S_ISREG(about.st_mode)
         && (about.st_mode & 07777) == 0700
         && read_hook(hook.string()) == script;
}

void write_hook(const fs::path& directory, std::string_view name) {
  const auto self = fs::read_symlink("/proc/self/exe").string();
  const auto script = protocol::hook_script(self, name);
  const auto hook = directory / name;
  if (is_installed(hook, script))
    return;
  const auto temporary = directory / (std::string(name) + ".new");
  {
    std::ofstream out;
    out.exceptions(std::ios::failbit | std::ios::badbit);
    out.open(temporary, std::ios::trunc);
    out << script;
  }
  fs::permissions(temporary, fs::perms::owner_all);
  fs::rename(temporary, hook);
}

// The last directory is for this user alone; its parents are as mkdir(1) with
// -p makes them.
void make_directory(const fs::path& path) {
  if (path.has_parent_path())
    fs::create_directories(path.parent_path());
  if (fs::create_directory(path))
    fs::permissions(path, fs::perms::owner_all);
}

} // namespace

int install_gate_hooks(const std::string& directory) try {
  fs::path path = directory;
  if (!path.has_filename()) // a slash at the end
    path = path.parent_path();
  make_directory(path);
  for (const auto name : our_hooks)
    write_hook(path, name);
  const auto shown = protocol::escaped(directory);
  auto why = print("The hooks are in " + shown + "; serve with --hooks-path "
                   + shown + "\n");
  if (why.empty())
    return exit_ok;
  std::fprintf(stderr, "terok-gate: the hooks were installed, but %s\n",
               why.c_str());
  return exit_failed;
} catch (const std::exception& e) {
  std::fprintf(stderr, "terok-gate: cannot install hooks in %s: %s\n",
               protocol::escaped(directory).c_str(), e.what());
  return exit_failed;
}

} // namespace clearance::services
