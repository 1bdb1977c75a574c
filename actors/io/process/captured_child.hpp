/// Runs a child process to its end and captures its stderr.
#pragma once

#include "actors/io/process/child.hpp"
#include "protocol/base/limits.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace clearance::io {

struct captured_config {
  std::string program;           ///< a path; PATH is not searched
  std::vector<std::string> argv; ///< the arguments from argv[0] on
  /// the whole environment, as "NAME=value"
  std::vector<std::string> environment;
  std::chrono::milliseconds time_limit = protocol::limits::shield_time_limit;
  std::chrono::milliseconds pipe_grace = protocol::limits::shield_pipe_grace;
  std::size_t stderr_max_bytes = protocol::limits::shield_stderr_max_bytes;
};

struct captured_result {
  bool started = false;
  int spawn_errno = 0; ///< why it could not be started; 0: it was started
  /// the time limit was reached first, whatever the status is
  bool timed_out = false;
  /// nothing: it was not started, or it cannot die
  std::optional<exit_status> status;
  std::string stderr_bytes; ///< the first bytes of stderr, as they came
};

/// One run of a program with stdin and stdout at /dev/null.
///
/// At the time limit the group is killed. The run is over when the leader has
/// exited and stderr is closed. A process that left the group may hold stderr
/// open: `pipe_grace` after the exit it is not waited for any more. A leader
/// that SIGKILL does not end is given up `pipe_grace` after the time limit.
class captured_child {
public:
  using done_handler = std::function<void(captured_result)>;

  captured_child(boost::asio::io_context& ioc, captured_config config);
  captured_child(captured_child&&) noexcept = default;
  captured_child& operator=(captured_child&&) = delete;

  /// Kills the group. `done` is not called.
  ~captured_child();

  /// Call it once. `done` is called once, from the io_context and never from
  /// within start(), also if starting failed. `done` may destroy this object.
  void start(done_handler done);

  /// Kills the group. `done` is still called.
  void cancel() noexcept;

  /// -1 unless the child was started.
  pid_t pid() const noexcept;

private:
  class run;
  std::shared_ptr<run> run_;
};

} // namespace clearance::io
