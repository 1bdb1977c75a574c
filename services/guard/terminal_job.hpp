/// COMMAND as a job of the terminal that the guard was started in.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <sys/types.h>

namespace clearance::services {

/// COMMAND must not share the guard's process group: kill(0) in COMMAND would
/// send its signal to the guard and to the script that started it, which are
/// outside. So COMMAND gets a group of its own, and the guard does for it what
/// a shell does for a job: it gives it the terminal, stops when it stops, and
/// takes the terminal back.
///
/// In a pipeline or in a script that has a terminal this cannot be done without
/// harm to others, who read the same terminal. There COMMAND stays in the
/// group, and kill(0) is denied to it.
class terminal_job {
public:
  /// Looks at this process and its terminal.
  terminal_job();

  /// Whether COMMAND stays in the guard's process group.
  bool shares_group() const noexcept { return shares_group_; }

  /// The terminal, or -1: nothing stops or continues COMMAND then.
  int terminal() const noexcept { return terminal_.get(); }

  /// What tells the first process to resume the job. Not SIGCONT: the shell
  /// sends that one to the guard's whole group, and of two one is lost.
  static int resume_signal() noexcept;

  /// Called by COMMAND's process before it executes COMMAND.
  void lead_own_group() const;

  /// Called by the container's first process, whose child `command` is: it
  /// continues the job, which has the terminal then if `in_foreground`.
  void resume(pid_t command, bool in_foreground) const;

  /// Called by the guard when COMMAND has stopped: the guard stops, too, as the
  /// shell expects it. After that `first_process` is told to resume the job.
  void stop_and_resume(pid_t first_process);

  /// Called by the guard when COMMAND has ended.
  void take_terminal_back() const;

private:
  io::unique_fd terminal_;
  bool shares_group_ = false;
  bool has_terminal_ = false; // COMMAND is in the foreground
};

} // namespace clearance::services
