/// Child processes. The io_context notices when they end.
#pragma once

#include "actors/io/process/spawn.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace clearance::io {

/// How a process ended.
struct exit_status {
  bool signaled = false;
  int value = 0; ///< the exit code, or the number of the signal

  friend bool operator==(const exit_status&, const exit_status&) = default;
};

/// A running child and its process group. Used on the io_context's thread.
///
/// When the leader exits, the rest of the group is killed before the leader is
/// reaped: until then the kernel gives the group's number to nobody else. A
/// process that left the group (setsid) is not killed. The destructor kills the
/// group, unless it is being ended already. A child that is slow to die is
/// reaped later by the io_context, or at last by the io_context's destructor,
/// which waits for at most limits::child_reap_wait. The io_context must outlive
/// this object.
///
/// While a process of the group is in an uninterruptible sleep, as one is that
/// waits for a disk that stalls, the group gets SIGTERM instead of SIGKILL. It
/// gets SIGKILL when the sleep is over, and none from the io_context's
/// destructor. One case is left out: the leader has ended by itself with exit
/// code 0.
class child_process {
public:
  using exit_handler = std::function<void(exit_status)>;

  child_process() noexcept = default;
  child_process(child_process&&) noexcept;
  child_process& operator=(child_process&&) noexcept;
  ~child_process();

  /// Starts `plan`. `on_exit` is called once from the io_context, unless this
  /// object is destroyed first. Returns 0, or the errno of what failed; then
  /// there is no child and `on_exit` is not called. An object starts one child
  /// only.
  int start(boost::asio::io_context& ioc, const spawn_plan& plan,
            exit_handler on_exit);

  /// Sends SIGKILL to the whole group, unless the leader is reaped already; see
  /// above for when it is sent later.
  void kill_group() noexcept;

  /// Ends a child whose pipes the caller has just closed. Sends SIGTERM after
  /// limits::child_pipe_grace if the child still runs, and SIGKILL after
  /// limits::child_term_grace more. Goes on when this object is destroyed.
  void end_group();

  /// The pid of the leader and of the group; -1 before the start.
  pid_t pid() const noexcept;

private:
  class watch;
  std::shared_ptr<watch> watch_;
};

} // namespace clearance::io
