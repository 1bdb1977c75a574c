/// The texts of `terok-guard --help`.
#pragma once

#include <string_view>

namespace clearance::services {

/// The text for a subcommand, or for the program itself (empty name). Empty if
/// there is no such subcommand.
std::string_view guard_help_of(std::string_view subcommand) noexcept;

} // namespace clearance::services
