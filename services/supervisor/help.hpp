/// The texts of `terok-supervisor --help`.
#pragma once

#include <string_view>

namespace clearance::services {

/// Of a subcommand, or of the program itself (an empty name). Empty: there is
/// no such subcommand.
std::string_view supervisor_help_of(std::string_view subcommand) noexcept;

} // namespace clearance::services
