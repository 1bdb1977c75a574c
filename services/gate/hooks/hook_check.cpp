// A hook that cannot be run refuses every push, and the client alone would be
// told of it. So each hook is run once at the start, with the environment and
// in the sandbox that it will have.

#include "services/gate/hooks/hook_check.hpp"

#include "actors/base/log.hpp"
#include "actors/io/base/small_file.hpp"
#include "actors/io/process/spawn.hpp"
#include "protocol/gate/hook_script.hpp"
#include "protocol/text/text.hpp"
#include "services/process/log.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <poll.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t script_max_bytes = 64 * 1024;
constexpr std::size_t last_words_max_bytes = 1024;
constexpr auto check_time_limit = std::chrono::seconds{10};

std::string text_of(int error) {
  return std::generic_category().message(error);
}

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

// Why the hook cannot be run; empty: it can.
std::string run_check(const std::string& hook,
                      const protocol::cgi_config& config) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return "no pipe: " + text_of(errno);
  const io::unique_fd reading(ends[0]);
  io::unique_fd writing(ends[1]);
  const io::unique_fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const auto child = io::spawn({hook,
                                {hook, "--check"},
                                protocol::cgi_environment(config, {}),
                                null.get(),
                                null.get(),
                                writing.get()});
  if (child.error != 0)
    return text_of(child.error);
  writing.reset();
  std::string words;
  const bool ended = read_last_words(reading.get(), words);
  if (!ended)
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

std::string read_hook(const std::string& path) {
  const auto file = io::open_regular(AT_FDCWD, path);
  const auto* open = std::get_if<io::regular_file>(&file);
  if (open == nullptr)
    return {};
  auto text = io::read_up_to(open->fd.get(), script_max_bytes);
  auto* result = std::get_if<std::string>(&text);
  return result != nullptr ? std::move(*result) : std::string{};
}

std::vector<std::string> hook_program_directories(const std::string& hooks) {
  std::vector<std::string> result;
  for (const auto name : our_hooks) {
    const auto text = read_hook(hooks + '/' + std::string(name));
    const std::filesystem::path program =
        protocol::parse_hook_script(text, name).program;
    if (!program.is_absolute())
      continue;
    auto directory = program.parent_path().string();
    // The root directory would be everything that there is.
    if (directory != "/"
        && std::find(result.begin(), result.end(), directory) == result.end())
      result.push_back(std::move(directory));
  }
  return result;
}

void check_hooks(const protocol::cgi_config& config) {
  for (const auto name : our_hooks) {
    const auto path = config.hooks_path + '/' + std::string(name);
    const auto origin = protocol::parse_hook_script(read_hook(path), name);
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
    if (auto why = run_check(path, config); !why.empty())
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

} // namespace clearance::services
