// Our hooks: two scripts that run this program.

#include "actors/io/gate/hook_files.hpp"
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/gate/gate.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/stderr_lines.hpp"

#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace clearance::services {

namespace {

namespace fs = std::filesystem;

// The last directory is for this user alone; its parents are as mkdir(1) with
// -p makes them.
void make_directory(const fs::path& path) {
  std::error_code error;
  if (path.has_parent_path())
    fs::create_directories(path.parent_path(), error);
  if (!error && fs::create_directory(path, error))
    fs::permissions(path, fs::perms::owner_all, error);
  if (error)
    throw std::runtime_error("the directory cannot be created: "
                             + error.message());
}

} // namespace

int install_gate_hooks(const std::string& directory) try {
  fs::path path = directory;
  if (!path.has_filename()) // a slash at the end
    path = path.parent_path();
  make_directory(path);
  const auto self = fs::read_symlink("/proc/self/exe").string();
  for (const auto name : io::our_hooks)
    if (const auto why = io::write_hook(path.string(), name, self);
        !why.empty())
      throw std::runtime_error(std::string(name) + ": " + why);
  const auto shown = protocol::escaped(directory);
  auto why = print("The hooks are in " + shown + "; serve with --hooks-path "
                   + shown + "\n");
  if (why.empty())
    return exit_ok;
  say_on_stderr("terok-gate", "the hooks were installed, but " + why);
  return exit_failed;
} catch (const std::exception& e) {
  say_on_stderr("terok-gate", "cannot install hooks in "
                                  + protocol::escaped(directory) + ": "
                                  + e.what());
  return exit_failed;
}

} // namespace clearance::services
