/// What a hub answers to calls of org.terok.ClearanceOperator1, as its clients
/// read it. Source: operator.md, section 2.
#pragma once

#include "protocol/json/json_tree.hpp"
#include "protocol/operator/encode.hpp"
#include "protocol/operator/prompt.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clearance::protocol {

/// One prompt as a hub describes it. Texts are as they came: escape them before
/// they are shown.
struct listed_prompt {
  std::string id;
  std::int64_t revision = 0;
  std::string container;
  protocol::dossier dossier;
  std::string target;
  std::string domain; ///< empty: the target has no name
  std::string dest;
  std::vector<std::string> addresses;
  std::int64_t more_addresses = 0;
  std::vector<std::int64_t> ports;
  std::vector<std::int64_t> protocols;
  /// The words of the wire: a newer hub may know more flags than we do.
  std::vector<std::string> flags;
  std::int64_t first_seen = 0; ///< microseconds since the epoch
  std::int64_t last_seen = 0;
  std::int64_t count = 0;
  prompt_state state = prompt_state::waiting;
  std::string why; ///< why it is gone
  bool quiet = false;
  std::string rule;
  std::string opens;
  std::optional<protocol::decision> decision;

  bool is_open() const noexcept {
    return state == prompt_state::waiting || state == prompt_state::deciding;
  }

  /// The value of a key of the dossier; empty if there is none.
  std::string_view in_dossier(std::string_view key) const noexcept;

  friend bool operator==(const listed_prompt&, const listed_prompt&) = default;
};

/// One reply to `Watch`.
struct watch_reply {
  std::optional<hub_state> hub;
  std::vector<listed_prompt> prompts; ///< a part of the snapshot
  bool complete = false;              ///< the snapshot ends with this reply
  bool restart = false;               ///< a new snapshot begins
  std::optional<listed_prompt> prompt;
  std::vector<std::string> removed; ///< ids
  std::int64_t lost = 0;            ///< events, not prompts

  friend bool operator==(const watch_reply&, const watch_reply&) = default;
};

/// One message of a hub.
struct operator_answer {
  std::string error; ///< qualified name; empty for success
  json_tree parameters;

  /// A parameter that is neither missing nor null, or null.
  const json_tree* find(std::string_view name) const noexcept;
};

/// Reads one message without its NUL. Nothing: it is not JSON, is nested too
/// deep, is no object, or has an `error` or `parameters` of the wrong type.
std::optional<operator_answer> parse_operator_answer(std::string_view message);

// Each has nothing for a value with a member of the wrong type, or with a word
// that the member cannot have. A member that is missing or null is empty.
std::optional<listed_prompt> read_prompt(const json_tree& x);
std::optional<protocol::decision> read_decision(const json_tree& x);
std::optional<hub_state> read_hub(const json_tree& x);
std::optional<watch_reply> read_watch_reply(const operator_answer& x);

/// Appends `x` as a Prompt of the wire.
void append_listed_prompt(std::string& out, const listed_prompt& x);

} // namespace clearance::protocol
