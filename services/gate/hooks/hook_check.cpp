// A hook that cannot be run refuses every push, and the client alone would be
// told of it. So each hook is run once at the start, with the environment and
// in the sandbox that it will have.

#include "services/gate/hooks/hook_check.hpp"

#include "actors/base/log.hpp"
#include "actors/io/gate/hook_files.hpp"
#include "actors/io/process/child_runner.hpp"
#include "actors/io/process/spawn.hpp"
#include "protocol/gate/hook_script.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"
#include "services/process/log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace clearance::services {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t last_words_max_bytes = 1024;
constexpr auto check_time_limit = std::chrono::seconds{10};

// Reads until everybody has closed the pipe. False: that took too long.
bool read_last_words(int fd, std::string& words) {
  const auto end = steady_clock::now() + check_time_limit;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
    pollfd waiting{fd, POLLIN, 0};
    const auto n = ::poll(
        &waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (n == 0)
      return false;
    std::array<char, 1024> buffer;
    const auto got = n > 0 ? ::read(fd, buffer.data(), buffer.size()) : -1;
    if (got == 0 || (got < 0 && errno != EINTR))
      return true;
    if (got > 0)
      words.append(buffer.data(),
                   std::min(static_cast<std::size_t>(got),
                            last_words_max_bytes - words.size()));
  }
}

// Why the program cannot be run, or what it complains of; empty: all is well.
std::string run_check(const std::vector<std::string>& argv,
                      const std::vector<std::string>& environment) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return "no pipe: " + protocol::error_text(errno);
  const io::unique_fd reading(ends[0]);
  io::unique_fd writing(ends[1]);
  const io::unique_fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const auto child = io::spawn(
      {argv.front(), argv, environment, null.get(), null.get(), writing.get()});
  if (child.error != 0)
    return protocol::error_text(child.error);
  writing.reset();
  std::string words;
  const bool ended = read_last_words(reading.get(), words);
  if (!ended) // `git version` locks nothing
    ::kill(-child.pid, SIGKILL);
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR)
    continue;
  if (!ended)
    return "it did not end";
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return {};
  while (words.ends_with('\n'))
    words.pop_back();
  if (!words.empty())
    return words;
  return WIFEXITED(status)
             ? "it ended with exit code " + std::to_string(WEXITSTATUS(status))
             : "signal " + std::to_string(WTERMSIG(status)) + " ended it";
}

} // namespace

void check_hooks(const protocol::cgi_config& config) {
  for (const auto name : io::our_hooks) {
    const auto path = config.hooks_path + '/' + std::string(name);
    const auto origin = protocol::parse_hook_script(io::read_hook(path), name);
    if (!origin.ours)
      continue;
    if (origin.program.empty()) {
      log(actors::severity::warning, "gate",
          "another version of terok-gate wrote this hook, or somebody changed "
          "it. It was not checked; write it anew with terok-gate "
          "--install-hooks",
          {{"hook", protocol::escaped(path)}});
      continue;
    }
    if (auto why =
            run_check({path, "--check"}, protocol::cgi_environment(config, {}));
        !why.empty())
      log(actors::severity::error, "gate",
          "a hook cannot be run: every push will be refused. Is the program "
          "that it names still there, and is git on PATH? Write the hook anew "
          "with terok-gate --install-hooks, from where the program stays, and "
          "start the gate again",
          {{"hook", protocol::escaped(path)},
           {"program", protocol::escaped(origin.program)},
           {"why", protocol::escaped(why)}});
  }
}

void check_hook_program(const std::string& program) {
  if (auto why = run_check(
          {program, "hook", std::string(io::our_hooks.front()), "--check"},
          io::own_environment());
      !why.empty())
    log(actors::severity::error, "gate",
        "the program of the gates' hooks cannot be run: every push will be "
        "refused. Is git on PATH?",
        {{"program", protocol::escaped(program)},
         {"why", protocol::escaped(why)}});
}

} // namespace clearance::services
