/// A child that is run to its end, its stderr captured.
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
  std::string program;                  ///< a path; PATH is not searched
  std::vector<std::string> argv;        ///< from argv[0] on
  std::vector<std::string> environment; ///< all of it, as "NAME=value"
  std::chrono::milliseconds time_limit = protocol::limits::shield_time_limit;
  std::chrono::milliseconds pipe_grace = protocol::limits::shield_pipe_grace;
  std::size_t stderr_max_bytes = protocol::limits::shield_stderr_max_bytes;
};

struct captured_result {
  bool started = false;
  int spawn_errno = 0;    ///< why not, when it did not start
  bool timed_out = false; ///< the time limit came first, whatever the status
  std::optional<exit_status> status; ///< none: not started, or cannot die
  std::string stderr_bytes;          ///< the first of them, as they came
};

/// One run of a program with stdin and stdout at /dev/null.
///
/// At the time limit the group is killed. The end is the leader's exit and the
/// end of stderr; whoever left the group and still holds stderr gets
/// `pipe_grace` from the exit on, and so does a leader that SIGKILL does not
/// end, from the time limit on.
class captured_child {
public:
  using done_handler = std::function<void(captured_result)>;

  captured_child(boost::asio::io_context& ioc, captured_config config);
  captured_child(captured_child&&) noexcept = default;
  captured_child& operator=(captured_child&&) = delete;

  /// Kills the group, without a call of `done`.
  ~captured_child();

  /// Once. `done` is called once, from the io_context and never from in here,
  /// spawn failures included; it may destroy this object.
  void start(done_handler done);

  /// Kills the group; `done` still comes.
  void cancel() noexcept;

  /// -1 unless it was started.
  pid_t pid() const noexcept;

private:
  class run;
  std::shared_ptr<run> run_;
};

} // namespace clearance::io
