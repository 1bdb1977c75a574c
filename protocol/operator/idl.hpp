/// The description of the operator interface.
#pragma once

#include <string_view>

namespace clearance::protocol {

/// org.terok.ClearanceOperator1 in varlink's language; a literal. Source:
/// operator.md, section 2.
extern const std::string_view operator_idl;

} // namespace clearance::protocol
