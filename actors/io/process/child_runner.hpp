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

/// The path of the program `name`. A path is returned as it is; a bare name is
/// looked for beside our own executable first, then on PATH. Empty if there is
/// no executable file of that name.
std::string find_program(const std::string& name);

/// The environment of this process, as spawn_plan has it.
std::vector<std::string> own_environment();

/// Runs a program with our environment, stdin and stdout at /dev/null, and the
/// first bytes of its stderr kept. `done` is called once, from the io_context
/// and never from within run_child(), also if the program could not be started;
/// it may destroy what was returned. Destroying that earlier kills the group,
/// and `done` is not called.
///
/// At the time limit the group is killed. The run is over when the leader has
/// exited and stderr is closed. A process that left the group may hold stderr
/// open: `pipe_grace` after the exit the run is over, whoever holds it. A
/// leader that SIGKILL does not end is given up `pipe_grace` after the time
/// limit.
actors::process_ptr run_child(
    boost::asio::io_context& context, actors::process_id id,
    actors::process_spec spec, std::function<void(actors::process_ended)> done,
    std::chrono::milliseconds pipe_grace = protocol::limits::shield_pipe_grace);

} // namespace clearance::io
