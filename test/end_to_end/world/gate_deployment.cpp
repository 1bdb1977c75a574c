#include "test/end_to_end/world/gate_deployment.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <stdexcept>
#include <sys/syscall.h>
#include <unistd.h>

namespace clearance::test {

namespace fs = std::filesystem;

fs::path terok_gate() {
  const char* other =
      std::getenv("TEROK_GATE"); // NOLINT(concurrency-mt-unsafe)
  return other != nullptr ? other : TEST_TEROK_GATE;
}

std::ostream& operator<<(std::ostream& out, const git_result& x) {
  return out << x.end << '\n' << x.out << x.err;
}

// -- repositories -------------------------------------------------------------

gate_world::gate_world() {
  for (auto name : {"mirrors", "run", "home"})
    fs::create_directory(dir / name);
  fs::permissions(dir / "run", fs::perms::owner_all);
  write_file(token_file(), std::string(token) + "\n");
  fs::permissions(token_file(), fs::perms::owner_read | fs::perms::owner_write);
  must_git({"init", "-q", "--bare", "-b", "main", repository().string()});
  in_mirror({"config", "core.compression", "0"}); // see git_options()
}

child_options gate_world::git_options(std::vector<std::string> arguments,
                                      const fs::path& where) const {
  child_options result;
  result.argv = std::move(arguments);
  // Noise cannot be compressed, and git would need most of the test's time to
  // try.
  result.argv.insert(result.argv.begin(),
                     {"/usr/bin/git", "-c", "init.defaultBranch=main", "-c",
                      "core.compression=0"});
  result.environment = {
      {"HOME", (dir / "home").string()},
      {"GIT_CONFIG_NOSYSTEM", "1"},
      {"GIT_TERMINAL_PROMPT", "0"},
      {"GIT_AUTHOR_NAME", "a"},
      {"GIT_AUTHOR_EMAIL", "a@example.org"},
      {"GIT_COMMITTER_NAME", "a"},
      {"GIT_COMMITTER_EMAIL", "a@example.org"},
      {"GIT_ASKPASS", ""},
      {"http_proxy", ""},
      {"XDG_CONFIG_HOME", ""},
  };
  result.working_directory = dir.path() / where;
  return result;
}

git_result gate_world::git(std::vector<std::string> arguments,
                           const fs::path& where) const {
  child process{git_options(std::move(arguments), where)};
  const auto end = process.wait(std::chrono::minutes{5});
  return {end, process.out(), process.err()};
}

std::string gate_world::must_git(std::vector<std::string> arguments,
                                 const fs::path& where) const {
  auto result = git(std::move(arguments), where);
  if (!result.ok())
    throw std::runtime_error("git: " + to_string(result.end) + '\n' + result.out
                             + result.err);
  if (result.out.ends_with('\n'))
    result.out.pop_back();
  return result.out;
}

std::string gate_world::in_mirror(std::vector<std::string> arguments) const {
  return must_git(std::move(arguments), repository());
}

void gate_world::commit(const fs::path& where, const std::string& file,
                        std::string_view content) const {
  if (!fs::exists(dir.path() / where))
    must_git({"init", "-q", where.string()});
  write_file(dir.path() / where / file, content);
  must_git({"add", file}, where);
  must_git({"commit", "-q", "-m", file}, where);
}

void gate_world::history(const fs::path& where, int count,
                         const std::string& name) const {
  auto data = [](const std::string& text) {
    return "data " + std::to_string(text.size()) + "\n" + text + "\n";
  };
  // Each call makes a newer commit, because git offers its commits by age.
  static int now = 1'700'000'000;
  auto options = git_options({"fast-import", "--quiet"}, where);
  const auto parent = git({"rev-parse", "-q", "--verify", "main"}, where);
  for (int i = 0; i < count; ++i) {
    const auto text = name + ' ' + std::to_string(i);
    options.stdin_bytes += "commit refs/heads/main\n"
                           "committer a <a@example.org> "
                           + std::to_string(++now) + " +0000\n" + data(text);
    if (i == 0 && parent.ok())
      options.stdin_bytes += "from refs/heads/main^0\n";
    options.stdin_bytes += "M 644 inline " + name + '\n' + data(text);
  }
  child import{std::move(options)};
  if (import.wait() != exited(0))
    throw std::runtime_error("git fast-import: " + import.err());
}

void gate_world::seed(std::string_view content) const {
  commit("seed", "file", content);
  must_git({"push", "-q", repository().string(), "main"}, "seed");
}

// xorshift64*, because it is fast also without optimisation.
std::string noise(std::size_t bytes, unsigned seed) {
  std::vector<std::uint64_t> words(bytes / sizeof(std::uint64_t) + 1);
  std::uint64_t state = 0x9e3779b97f4a7c15U + seed;
  for (auto& x : words) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    x = state * 0x2545f4914f6cdd1dU;
  }
  return {reinterpret_cast<const char*>(words.data()), bytes};
}

// -- the gate -----------------------------------------------------------------

namespace {

child_options options_of(const gate_world& world, gate_options x,
                         std::vector<std::string> transport) {
  child_options result;
  result.argv = {terok_gate(), "--mirror-root", world.mirror_root()};
  if (x.token)
    for (std::string word :
         {std::string("--scope"), std::string("r"), std::string("--token-file"),
          world.token_file().string()})
      result.argv.push_back(std::move(word));
  for (auto& word : transport)
    result.argv.push_back(std::move(word));
  for (auto& word : x.arguments)
    result.argv.push_back(std::move(word));
  result.argv.insert(result.argv.begin(), x.launcher.begin(), x.launcher.end());
  result.environment = std::move(x.environment);
  // The gate must not find variables of the session that runs the tests.
  for (auto name : {"NOTIFY_SOCKET", "JOURNAL_STREAM", "LISTEN_FDS",
                    "CREDENTIALS_DIRECTORY"})
    result.environment.emplace_back(name, "");
  result.environment.emplace_back("XDG_RUNTIME_DIR", world.dir.path().string());
  if (!std::getenv("ASAN_OPTIONS"))
    result.environment.emplace_back("ASAN_OPTIONS", "quarantine_size_mb=1");
  return result;
}

child start_serving(child_options options) {
  child result{std::move(options)};
  result.await_err("serving");
  return result;
}

std::uint16_t port_in(const std::string& log) {
  const auto at = log.find("at=127.0.0.1:");
  if (at == std::string::npos)
    throw std::runtime_error("no port in: " + log);
  return static_cast<std::uint16_t>(std::stoul(log.substr(at + 13)));
}

} // namespace

child_options gate_on_socket(const gate_world& world, gate_options x) {
  return options_of(world, std::move(x), {"--socket", world.socket()});
}

child_options gate_on_port(const gate_world& world, gate_options x) {
  return options_of(world, std::move(x), {"--listen", "127.0.0.1:0"});
}

gate::gate(const gate_world& world, gate_options options)
    : process_(start_serving(gate_on_port(world, std::move(options)))),
      port_(port_in(process_.err())) {
  // nop
}

std::string gate::url(std::string_view token,
                      std::string_view repository) const {
  return "http://" + std::string(token) + ":x@127.0.0.1:"
         + std::to_string(port_) + "/" + std::string(repository) + ".git";
}

ending gate::stop() {
  process_.kill(SIGTERM);
  return process_.wait();
}

// -- processes ----------------------------------------------------------------

std::vector<pid_t> descendants(pid_t pid) {
  std::vector<pid_t> result;
  std::vector<pid_t> todo{pid};
  while (!todo.empty()) {
    const auto parent = todo.back();
    todo.pop_back();
    std::error_code ignored;
    const auto tasks = fs::path("/proc") / std::to_string(parent) / "task";
    for (const auto& task : fs::directory_iterator(tasks, ignored)) {
      std::ifstream children(task.path() / "children");
      for (pid_t child = 0; children >> child;) {
        result.push_back(child);
        todo.push_back(child);
      }
    }
  }
  return result;
}

std::vector<pid_t> await_descendants(pid_t pid, std::size_t count) {
  const deadline guard;
  for (;;) {
    auto result = descendants(pid);
    if (result.size() >= count)
      return result;
    guard.pace("descendants of " + std::to_string(pid));
  }
}

void await_no_descendants(pid_t pid) {
  const deadline guard;
  while (!descendants(pid).empty())
    guard.pace("the last descendant of " + std::to_string(pid));
}

void await_gone(const std::vector<pid_t>& pids,
                std::chrono::milliseconds time) {
  const deadline guard{time};
  for (auto pid : pids) {
    unique_fd fd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!fd && errno == ESRCH)
      continue;
    if (!fd)
      fail_with_errno("pidfd_open");
    guard.await(fd.get(), POLLIN, "the end of process " + std::to_string(pid));
  }
}

} // namespace clearance::test
