/// A hub for a `run` that finds none.
#pragma once

#include "services/guard/helper_program.hpp"

#include <string>

namespace clearance::services {

/// Whether a hub takes lines at this socket.
bool hub_runs(const std::string& reader_socket);

/// Starts terok-clearance with the default sockets and with this program as its
/// shield, and returns when the hub serves; it logs to a file in `directory`.
/// Says what was done, or why there is no hub: then the result is empty.
helper_program start_own_hub(const std::string& directory);

} // namespace clearance::services
