/// What people name as a destination.
#pragma once

#include "protocol/guard/target.hpp"

#include <string>
#include <variant>
#include <vector>

namespace clearance::services {

/// The addresses and networks that `dest` means. A name is resolved now, which
/// may take seconds. Addresses of a special purpose are left out of its
/// addresses: whoever answers for the name must not open the operator's own
/// network. Errors: one line.
std::variant<std::vector<protocol::ip_range>, std::string>
targets_of(const std::string& dest);

} // namespace clearance::services
