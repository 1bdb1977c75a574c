/// Replies to calls of org.terok.ClearanceOperator1, NUL included. Source:
/// operator.md, section 2.
#pragma once

#include "protocol/operator/encode.hpp"
#include "protocol/operator/policy.hpp"
#include "protocol/operator/prompt_table.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace clearance::protocol::varlink {

/// To `List`: the prompts of `container`, of all containers if it is empty.
std::string list_reply(const prompt_table& prompts, std::string_view container,
                       const shield_abilities& shield);

/// To `Decide`.
std::string decide_reply(const decision& x);

/// To `Quiet`.
std::string empty_reply();

/// To `History`: of the decisions with a seq above `after`, of `container` if
/// it is not empty, the newest `limit`.
std::string history_reply(const std::deque<decision>& all, std::uint64_t after,
                          std::size_t limit, std::string_view container);

/// To `Explain`.
std::string explain_reply(const policy_explanation& x);

/// To `Rules`. `state` says in words what is in force.
std::string rules_reply(const policy& x, std::string_view state);

/// To `Lost`.
std::string lost_reply(std::uint64_t events);

// The errors, in the order of their declaration.
std::string no_such_prompt(std::string_view id);
std::string prompt_changed(const prompt& x, std::string_view id,
                           const shield_abilities& shield);
std::string already_decided(const decision& x);
std::string decision_failed(const decision& x);
std::string scope_not_supported(std::string_view scope);
std::string invalid_action(std::string_view action);

/// The standard error about one parameter.
std::string invalid_parameter(std::string_view name);

} // namespace clearance::protocol::varlink
