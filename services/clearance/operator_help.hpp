/// The texts of --help of the subcommands for operators.
#pragma once

#include <string_view>

namespace clearance::services {

/// Empty for a subcommand that is none of these.
std::string_view help_of_operators(std::string_view subcommand) noexcept;

} // namespace clearance::services
