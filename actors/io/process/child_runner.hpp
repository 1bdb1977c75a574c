/// Runs programs for actors.
#pragma once

#include "actors/base/process.hpp"
#include "protocol/base/limits.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace clearance::io {

/// The environment of this process, as spawn_plan has it.
std::vector<std::string> own_environment();

/// Runs a program with our environment. Its stdin and stdout are /dev/null, and
/// the first bytes of its stderr are kept. `done` is called once, also if the
/// program could not be started. The io_context calls it, never run_child()
/// itself. `done` may destroy the returned object. If the object is destroyed
/// earlier, the group is killed and `done` is not called.
///
/// At the time limit the group is killed. The run is over when the leader has
/// exited and stderr is closed. If a process that left the group holds stderr
/// open, the run is over `pipe_grace` after the leader's exit. If SIGKILL does
/// not end the leader, the run is over `pipe_grace` after the time limit.
actors::process_ptr run_child(
    boost::asio::io_context& context, actors::process_id id,
    actors::process_spec spec, std::function<void(actors::process_ended)> done,
    std::chrono::milliseconds pipe_grace = protocol::limits::shield_pipe_grace);

} // namespace clearance::io
