/// What is known of a container, as the JSON object that terok-shield's hook
/// and an orchestrator write. Apart from protocol/json, because terok-guard
/// links no JSON library.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// Names and values in their order; of a repeated name the last value, at the
/// first one's place. The value of a number, true or false is its source text;
/// null and an empty text are left out, and so are arrays and objects. Nothing:
/// the text is no JSON object, is nested more than
/// guard_limits::annotation_max_depth deep, or is longer than
/// guard_limits::annotations_max_bytes.
std::optional<std::vector<std::pair<std::string, std::string>>>
parse_annotations(std::string_view text);

} // namespace clearance::protocol
