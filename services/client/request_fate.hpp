/// Why a hub knows no open request, as far as its prompts say.
#pragma once

#include "protocol/json/json_tree.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace clearance::services {

/// What became of the request, in words, from the newest prompt of its
/// container and target (nothing: the hub has no such prompt) and from the
/// hub's state, both as in ClearanceOperator1. Begins with a lower case letter.
std::string fate_text(const std::optional<protocol::json_tree>& prompt,
                      const protocol::json_tree& hub);

/// Asks the hub at `socket`. Empty: it keeps no prompts, or did not answer.
std::string fate_of_request(const std::string& socket,
                            std::string_view container,
                            std::string_view target);

} // namespace clearance::services
