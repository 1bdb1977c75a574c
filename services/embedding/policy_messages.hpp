/// The application's policy as ours, and ours as the application's.
#pragma once

#include "actors/operator/messages.hpp"
#include "protocol/operator/policy_reader.hpp"
#include "services/embedding/clearance.hpp"

#include <variant>

namespace clearance::actors::embedding {

namespace face = clearance::embedding;

/// What a load came to: for the operators' actor, and for the application.
struct policy_load {
  policy_loaded what;
  face::policy_status status; ///< its `rules` is 0 after a fault
};

/// Reads what the source itself says, which is all but directories and texts.
std::variant<protocol::policy_part, protocol::policy_fault>
read_own_rules(const face::policy_source& x,
               const protocol::public_suffix_test& is_public_suffix = {});

face::policy_fault to_face(const protocol::policy_fault& x);
face::policy_rule to_face(const protocol::policy_rule& x);

/// Whether the source says nothing at all.
bool is_empty(const face::policy_source& x);

} // namespace clearance::actors::embedding
