// Our hooks: two scripts that run this program.

#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/gate/gate.hpp"
#include "services/gate/hooks/hooks.hpp"
#include "services/process/exit_code.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <system_error>

namespace clearance::services {

namespace {

// One word of the script, for any POSIX shell, whatever its bytes are.
std::string quoted_for_sh(const std::string& text) {
  std::string result = "'";
  for (const char c : text)
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

void write_hook(const std::filesystem::path& directory,
                const std::string& name) {
  const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto temporary = directory / (name + ".new");
  {
    std::ofstream out;
    out.exceptions(std::ios::failbit | std::ios::badbit);
    out.open(temporary, std::ios::trunc);
    out << "#!/bin/sh\n# Written by terok-gate --install-hooks.\nexec "
        << quoted_for_sh(self) << " hook " << name << "\n";
  }
  std::filesystem::permissions(temporary, std::filesystem::perms::owner_all);
  std::filesystem::rename(temporary, directory / name);
}

} // namespace

int run_gate_hook(gate_hook which) {
  // Whoever listens to a hook may leave; the hook goes on.
  std::signal(SIGPIPE, SIG_IGN);
  switch (which) {
  case gate_hook::pre_receive:
    return run_pre_receive();
  case gate_hook::post_receive:
    run_post_receive();
    return exit_ok;
  }
  return exit_failed;
}

int install_gate_hooks(const std::string& directory) try {
  const std::filesystem::path path = directory;
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    throw std::system_error(errno, std::generic_category());
  write_hook(path, "pre-receive");
  write_hook(path, "post-receive");
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
