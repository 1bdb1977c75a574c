// What is pushed through the gate was decided inside a container; a mistake
// there must not cost what was here before.
//
//   post-receive  saves what a push took away: old tips of branches that were
//                 forced or deleted. It never fails a push: all that can go
//                 wrong ends in a note.
//   pre-receive   keeps pushes away from refs/terok/, or the next push could
//                 delete the backups of this one.

#include "actors/io/process/child_runner.hpp"
#include "actors/io/process/spawn.hpp"
#include "protocol/gate/post_receive.hpp"
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/gate/gate.hpp"
#include "services/process/exit_code.hpp"

#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace clearance::services {

namespace {

using protocol::ref_update;

std::vector<ref_update> read_updates() {
  std::vector<ref_update> result;
  std::string line;
  while (std::getline(std::cin, line))
    if (auto update = protocol::parse_ref_update(line))
      result.push_back(std::move(*update));
  return result;
}

// Runs git here, in the repository, with what git has put into our
// environment. Returns its exit code, or -1.
int git(std::vector<std::string> argv) {
  const auto path = io::find_program("git");
  if (path.empty())
    return -1;
  io::unique_fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  std::vector<std::string> variables;
  for (auto x = environ; *x != nullptr; ++x)
    variables.emplace_back(*x);
  argv.insert(argv.begin(), "git");
  const auto child = io::spawn(
      {path, std::move(argv), variables, null.get(), null.get(), null.get()});
  int status = 0;
  if (child.error != 0 || ::waitpid(child.pid, &status, 0) != child.pid)
    return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Whether the old tip is no longer reachable. What git cannot tell is saved.
bool is_lost(const ref_update& x) {
  switch (protocol::fate_of_old_tip(x)) {
  case protocol::old_tip::kept:
    return false;
  case protocol::old_tip::deleted:
    return true;
  case protocol::old_tip::moved:
    return git({"merge-base", "--is-ancestor", x.old_id, x.new_id}) != 0;
  }
  return true;
}

// The name may be taken, by the same push a moment ago or on purpose by a
// branch that was named like a backup: then a later second is as good.
std::string save(const ref_update& x, std::chrono::sys_seconds now) {
  for (int later = 0; later < 5; ++later) {
    auto ref = protocol::backup_ref(x, now + std::chrono::seconds{later});
    if (git({"update-ref", ref, x.old_id, ""}) == 0)
      return "gate: saved " + ref;
  }
  return "gate: could not save the old tip " + x.old_id + " of "
         + protocol::escaped(x.ref);
}

std::string replace_marker(const std::string& text) {
  const std::string path = "terok-push-marker";
  const auto temporary = path + "." + std::to_string(::getpid());
  {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out << text;
    out.flush();
    if (!out)
      return "gate: cannot write " + temporary;
  }
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  return error ? "gate: cannot replace " + path + ": " + error.message() : "";
}

void post_receive() {
  const auto now = std::chrono::floor<std::chrono::seconds>(
      std::chrono::system_clock::now());
  const auto updates = read_updates();
  std::vector<std::string> notes;
  auto say = [](const std::string& note) {
    std::fprintf(stderr, "%s\n", note.c_str());
  };
  for (const auto& x : updates) {
    if (!is_lost(x))
      continue;
    notes.push_back(save(x, now));
    say(notes.back());
  }
  auto marker = protocol::push_marker(now, updates, notes);
  if (auto trouble = replace_marker(marker); !trouble.empty())
    say(trouble);
}

int pre_receive() {
  for (const auto& x : read_updates()) {
    if (!x.ref.starts_with("refs/terok/"))
      continue;
    std::fprintf(stderr, "gate: refs/terok/ is the gate's own: %s\n",
                 protocol::escaped(x.ref).c_str());
    return exit_failed;
  }
  return exit_ok;
}

std::string shell_quoted(const std::string& text) {
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
        << shell_quoted(self) << " hook " << name << "\n";
  }
  std::filesystem::permissions(temporary, std::filesystem::perms::owner_all);
  std::filesystem::rename(temporary, directory / name);
}

} // namespace

int run_gate_hook(gate_hook which) {
  switch (which) {
  case gate_hook::pre_receive:
    return pre_receive();
  case gate_hook::post_receive:
    try {
      post_receive();
    } catch (const std::exception& e) { // memory, at most
      std::fprintf(stderr, "gate: %s\n", e.what());
    }
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
