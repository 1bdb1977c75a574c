/// The texts of --help.
#pragma once

#include <string_view>

namespace clearance::services {

/// Of a subcommand, or of the program when `subcommand` is empty. Empty for one
/// that there is not.
std::string_view help_of(std::string_view subcommand) noexcept;

} // namespace clearance::services
