/// The text of `terok-gate --help`.
#pragma once

#include <string_view>

namespace clearance::services {

std::string_view gate_help() noexcept;

} // namespace clearance::services
