/// Asks the forwarder of a container.
#pragma once

#include "protocol/guard/target.hpp"
#include "services/guard/namespaces.hpp"

#include <string>
#include <variant>
#include <vector>

namespace clearance::services {

/// The addresses that the forwarder in the namespaces of `where` gives `name`,
/// within guard_limits::forwarder_answer: maybe none. When it answers, the
/// addresses of an allowed name are open. Errors: one line.
std::variant<std::vector<protocol::ip_address>, std::string>
ask_forwarder(const guarded_process& where, const std::string& name);

} // namespace clearance::services
