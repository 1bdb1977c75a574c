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

/// Names a run for its owner.
using process_id = std::uint64_t;

/// A program with stdin and stdout at /dev/null, in its own process group.
struct process_spec {
  /// A path, or a bare name that is looked for beside our own executable and
  /// then on PATH, each time anew.
  std::string program;
  std::vector<std::string> arguments; ///< without the program's own name
  std::chrono::milliseconds time_limit{};
  std::size_t stderr_max_bytes = 0; ///< kept; the rest is read and dropped
};

struct process_ended {
  enum class how {
    exited,     ///< `code` is the exit status
    signalled,  ///< `code` is the signal
    timed_out,  ///< killed at the limit, with its whole group
    not_found,  ///< no such program
    not_spawned ///< `code` is an errno
  };

  process_id id = 0;
  how what = how::exited;
  int code = 0;
  std::string stderr_bytes; ///< as they came
};

/// A run. Dropping it kills the process group; nothing is heard of it then.
class process {
public:
  virtual ~process() = default;
};

using process_ptr = std::unique_ptr<process>;

using process_owner = caf::typed_actor<caf::reacts_to<process_ended>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::process_ended)
