/// The types of org.terok.ClearanceOperator1 as JSON. Members that do not apply
/// are left out. Source: operator.md, section 2.
#pragma once

#include "protocol/hub/event.hpp"
#include "protocol/operator/policy.hpp"
#include "protocol/operator/prompt.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// The hub as its operators see it.
struct hub_state {
  std::string id;
  std::string version;
  std::int64_t since = 0; ///< microseconds since the epoch
  std::size_t containers = 0;
  std::size_t waiting = 0;   ///< prompts
  std::size_t operators = 0; ///< clients that watch
  std::vector<std::string> scopes;
  std::string policy; ///< in words
  std::string audit;  ///< in words
  std::uint64_t events_lost = 0;

  friend bool operator==(const hub_state&, const hub_state&) = default;
};

/// Each appends one object. Strings must be well-formed UTF-8.
void append_decider(std::string& out, const decider& x);
void append_decision(std::string& out, const decision& x);
void append_prompt(std::string& out, const prompt& x, std::string_view id,
                   const shield_abilities& shield);
void append_hub(std::string& out, const hub_state& x);
void append_rule(std::string& out, const policy_rule& x);
void append_event(std::string& out, const event& x);

} // namespace clearance::protocol
