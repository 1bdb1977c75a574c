/// org.terok.ClearanceShield1, which a verdict helper serves beside
/// ClearanceVerdict1: what the shield can do, and verdicts that end by
/// themselves. Source: operator.md, section 8.
#pragma once

#include "protocol/hub/shield_abilities.hpp"
#include "protocol/hub/verdict.hpp"
#include "protocol/varlink/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol::varlink {

/// The interface's name.
extern const std::string_view shield_name;

/// Appends the call of `Capabilities`.
void append_abilities_call(std::string& out);

/// Appends the reply to `Capabilities`.
void append_abilities(std::string& out, const shield_abilities& x);

/// The abilities in a reply to `Capabilities`. Nothing: it is an error, or has
/// no list of words.
std::optional<shield_abilities> abilities_of(const reply& x);

/// Appends a call of `Apply`: of ClearanceVerdict1, which every helper has, or
/// of ClearanceShield1 if the verdict ends by itself.
void append_apply_call(std::string& out, const shield_call& x);

} // namespace clearance::protocol::varlink
