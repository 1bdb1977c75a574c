#include "services/client/host_process.hpp"

#include "actors/io/process/find_program.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace clearance::services {

namespace {

/// What is kept of stderr: its end.
constexpr std::size_t error_text_max_bytes = 2048;

/// How long ssh may take to end after SIGTERM; then it is killed.
constexpr int end_max_milliseconds = 1000;

std::string ssh_program() {
  // The clients have one thread. NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* named = std::getenv("TEROK_CLEARANCE_SSH");
  return named != nullptr && *named != '\0' ? named : "ssh";
}

/// Starts `words` with `stream` as stdin and stdout. Returns an errno.
int start(const std::string& program, const std::array<const char*, 7>& words,
          int stream, int errors, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, stream, 0);
  ::posix_spawn_file_actions_adddup2(&actions, stream, 1);
  ::posix_spawn_file_actions_adddup2(&actions, errors, 2);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID
                                              | POSIX_SPAWN_SETSIGMASK
                                              | POSIX_SPAWN_SETSIGDEF);
  // posix_spawn's old signature: it changes no word.
  const auto error =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes,
                    const_cast<char* const*>(words.data()), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

bool does_not_block(int fd) {
  return ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

} // namespace

host_process::host_process(const std::string& host) {
  const auto name = ssh_program();
  const auto program = io::find_program(name);
  if (program.empty()) {
    failure_ = "cannot start " + shown(name) + ": there is no such program";
    return;
  }
  int pair[2] = {-1, -1};
  int pipe[2] = {-1, -1};
  const bool has_pair =
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0;
  stream_.reset(pair[0]);
  const descriptor theirs{pair[1]};
  const bool has_pipe = has_pair && ::pipe2(pipe, O_CLOEXEC) == 0;
  errors_.reset(pipe[0]);
  const descriptor their_errors{pipe[1]};
  auto error = has_pipe && does_not_block(pair[0]) && does_not_block(pipe[0])
                   ? 0
                   : errno;
  if (error == 0)
    error = start(program,
                  {name.c_str(), "--", host.c_str(), "terok-clearance", "relay",
                   "--stdio", nullptr},
                  theirs.get(), their_errors.get(), pid_);
  if (error != 0) {
    pid_ = -1;
    failure_ =
        "cannot start " + shown(program) + ": " + protocol::error_text(error);
  }
}

host_process::~host_process() {
  stream_.reset();
  if (pid_ < 0)
    return;
  ::kill(pid_, SIGTERM);
  const descriptor ended{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  pollfd entry{ended.get(), POLLIN, 0};
  if (::poll(&entry, 1, end_max_milliseconds) <= 0)
    ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR)
    continue;
}

bool host_process::read_errors() {
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto n = ::read(errors_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 && errno == EAGAIN;
    error_text_.append(buffer.data(), static_cast<std::size_t>(n));
    if (error_text_.size() > error_text_max_bytes)
      error_text_.erase(0, error_text_.size() - error_text_max_bytes);
  }
}

std::string host_process::last_error() const {
  const auto text = protocol::trimmed(error_text_);
  return protocol::escaped(protocol::trimmed(text.substr(text.rfind('\n') + 1)),
                           300);
}

} // namespace clearance::services
