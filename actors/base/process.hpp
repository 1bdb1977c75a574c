/// A child process as actors see it. Implemented by actors/io.
#pragma once

#include "actors/base/message_type.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace clearance::actors {

/// Identifies a run; chosen by its owner.
using process_id = std::uint64_t;

/// A program to run in its own process group, with stdin and stdout at
/// /dev/null.
struct process_spec {
  /// A path, or a bare name. A bare name is looked for beside our own
  /// executable and then on PATH, at each run.
  std::string program;
  /// What is run instead if there is no such program: the first that is there.
  std::vector<std::string> other_programs = {};
  /// the arguments without the program's own name
  std::vector<std::string> arguments;
  std::chrono::milliseconds time_limit{};
  /// how much of stderr is kept; the rest is read and dropped
  std::size_t stderr_max_bytes = 0;
  /// What it writes to stdout counts as stderr; else it is dropped.
  bool keeps_stdout = false;
};

struct process_ended {
  enum class how {
    exited,     ///< `code` is the exit status
    signalled,  ///< `code` is the signal
    timed_out,  ///< killed at the time limit, with its whole group
    not_found,  ///< there is no such program
    not_spawned ///< it could not be started; `code` is an errno
  };

  process_id id = 0;
  how what = how::exited;
  int code = 0;
  std::string stderr_bytes; ///< the bytes as they came, not made valid UTF-8
};

/// One run of a program. The destructor kills the process group; then no
/// process_ended is sent.
class process {
public:
  virtual ~process() = default;
};

using process_ptr = std::unique_ptr<process>;

using process_owner = caf::typed_actor<caf::reacts_to<process_ended>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::process_ended)
