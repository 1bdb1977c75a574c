/// Child processes whose end is noticed through the io_context.
#pragma once

#include "actors/io/process/spawn.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace clearance::io {

/// How a process ended.
struct exit_status {
  bool signaled = false;
  int value = 0; ///< exit code, or the signal's number

  bool success() const noexcept { return !signaled && value == 0; }
  friend bool operator==(const exit_status&, const exit_status&) = default;
};

/// A running child and its process group. Used on the io_context's thread.
///
/// When the leader exits, the rest of the group is killed before the leader is
/// reaped: until then nobody else can be given the group's number. A process
/// that left the group (setsid) is out of reach. Destruction kills the group,
/// unless it is ending already; whoever is slow to die is reaped later by the
/// io_context, or at last by its destructor, which waits for at most
/// limits::child_reap_wait. The io_context outlives this object.
class child_process {
public:
  using exit_handler = std::function<void(exit_status)>;

  child_process() noexcept = default;
  child_process(child_process&&) noexcept;
  child_process& operator=(child_process&&) noexcept;
  ~child_process();

  /// Starts `plan`. `on_exit` is called once from the io_context, unless this
  /// object is destroyed first. Returns 0 or the errno of what failed; then
  /// there is no child and no call. One start an object.
  int start(boost::asio::io_context& ioc, const spawn_plan& plan,
            exit_handler on_exit);

  /// SIGKILL to the whole group, unless the leader is reaped already.
  void kill_group() noexcept;

  /// For a child whose pipes the caller has just closed: limits::
  /// child_pipe_grace later, to whoever has not noticed, SIGTERM; limits::
  /// child_term_grace after that SIGKILL. Goes on without this object.
  void end_group();

  /// The leader's, also the group's; -1 before the start.
  pid_t pid() const noexcept;

private:
  class watch;
  std::shared_ptr<watch> watch_;
};

} // namespace clearance::io
