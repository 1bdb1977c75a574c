/// Runs programs for actors.
#pragma once

#include "actors/base/process.hpp"

#include <boost/asio/io_context.hpp>

#include <string>

namespace clearance::io {

/// The path of the program `name`. A path is returned as it is; a bare name is
/// looked for beside our own executable first, then on PATH. Empty if there is
/// no executable file of that name.
std::string find_program(const std::string& name);

/// See actors::io_host::run().
actors::process_ptr run_child(boost::asio::io_context& context,
                              actors::process_id id, actors::process_spec spec,
                              const actors::process_owner& owner);

} // namespace clearance::io
