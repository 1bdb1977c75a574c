/// The application's messages about prompts as calls of
/// org.terok.ClearanceOperator1, and the replies as its messages.
#pragma once

#include "protocol/json/json_tree.hpp"
#include "protocol/varlink/message.hpp"
#include "services/embedding/clearance.hpp"

#include <caf/expected.hpp>

#include <optional>
#include <string>

namespace clearance::actors::embedding {

namespace face = clearance::embedding;

/// Whole messages, with their NUL.
std::string watch_message();
std::string message_of(const face::list_prompts& x);
std::string message_of(const face::decision& x);
std::string message_of(const face::quiet& x);
std::string message_of(const face::history& x);
std::string message_of(const face::question& x);

/// What the reply says, or an error that names the reply's error.
caf::expected<face::prompts> prompts_in(const protocol::varlink::reply& x);
caf::expected<face::decisions> decisions_in(const protocol::varlink::reply& x);
caf::expected<face::explanation>
explanation_in(const protocol::varlink::reply& x);

/// Adds what one reply to `Watch` says. Returns whether a snapshot begins with
/// it after an earlier one.
bool add_changes(face::prompts& to, const protocol::varlink::reply& x);

} // namespace clearance::actors::embedding
