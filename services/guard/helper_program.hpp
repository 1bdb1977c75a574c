/// A program that terok-guard starts beside COMMAND, outside of the container.
#pragma once

#include "actors/io/base/unique_fd.hpp"

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace clearance::services {

struct helper_spec {
  std::vector<std::string> words; ///< the program's path first
  std::vector<std::pair<std::string, std::string>> environment; ///< added
  int out = -1; ///< its stdout; -1: /dev/null, as its stdin is
  int err = -1; ///< its stderr; -1: ours
};

/// The kernel ends the program when this process ends, even if that is killed.
/// It has a process group of its own: Ctrl-C at the terminal is for COMMAND.
class helper_program {
public:
  helper_program() = default;
  /// Throws setup_fault.
  explicit helper_program(const helper_spec& spec);
  ~helper_program() { stop(); }
  helper_program(helper_program&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {
    // nop
  }
  helper_program& operator=(helper_program&& other) noexcept {
    stop();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
    return *this;
  }

  pid_t pid() const noexcept { return pid_; }

  /// Readable once the program has ended. -1: there is none.
  int pidfd() const noexcept { return pidfd_.get(); }

  /// Kills it and does not wait until it has ended.
  void abandon() noexcept;

  /// Asks it to end (SIGTERM), waits a while, and then kills it.
  void stop() noexcept;

private:
  pid_t pid_ = -1;
  io::unique_fd pidfd_;
};

} // namespace clearance::services
