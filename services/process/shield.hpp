/// The program that changes the firewall.
#pragma once

#include <string>

namespace clearance::services {

/// What is run as the shield: `given`, or terok-shield where it is empty. When
/// there is no such program, a warning says so: verdicts fail until there is
/// one, which may come later.
std::string shield_program(const std::string& given);

} // namespace clearance::services
