/// Prompts and decisions, as operators see them. Source: operator.md,
/// section 2.
#pragma once

#include "protocol/base/boxed.hpp"
#include "protocol/hub/event.hpp"
#include "protocol/hub/verdict.hpp"
#include "protocol/operator/address.hpp"
#include "protocol/operator/flags.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// Who made a decision.
struct decider {
  enum class kind : std::uint8_t { operator_client, policy, application };

  kind what = kind::operator_client;
  std::optional<std::int64_t> uid;
  std::optional<std::int64_t> pid;
  std::string command; ///< empty: unknown
  std::string name;    ///< what the client says of itself; may be empty

  friend bool operator==(const decider&, const decider&) = default;
};

/// `operator`, `policy` or `application`; a literal.
std::string_view to_string(decider::kind x) noexcept;

/// The result of a decision so far.
enum class decision_result : std::uint8_t {
  applied,
  failed,      ///< the prompt waits again
  pending,     ///< it is being executed
  left_denied, ///< nothing was executed, because the firewall denies already
};

/// The word on the wire; a literal.
std::string_view to_string(decision_result x) noexcept;

/// The answer to a prompt. Times are microseconds since the epoch, UTC.
struct decision {
  std::uint64_t seq = 0; ///< grows with every decision of the hub
  std::string prompt;    ///< the prompt's id
  protocol::action action = protocol::action::deny;
  decider by;
  std::int64_t at = 0;
  std::string reason; ///< may be empty
  std::string rule;   ///< a rule of the policy; empty: none
  decision_result result = decision_result::pending;
  std::string error; ///< why the decision failed
  std::optional<std::int64_t> until;
  std::optional<std::int64_t> waited; ///< microseconds
  std::optional<std::int64_t> shown;  ///< microseconds
  std::string container;
  std::string target;

  friend bool operator==(const decision&, const decision&) = default;
};

enum class prompt_state : std::uint8_t { waiting, deciding, decided, gone };

/// The word on the wire; a literal.
std::string_view to_string(prompt_state x) noexcept;

/// Why a prompt is gone.
enum class prompt_end : std::uint8_t {
  none, ///< the prompt is not gone
  container_exited,
  shield_down,
  shield_disengaged,
  forgotten, ///< because of a limit
};

/// The word on the wire, a literal. Empty for none.
std::string_view to_string(prompt_end x) noexcept;

/// The facts about a container. All its prompts share them.
struct prompt_container {
  std::string name;
  /// The dossier of the container's first block that had one. Keys are
  /// sanitised like values.
  protocol::dossier dossier;
  std::size_t more_dossier = 0; ///< how many keys had no room
};

/// The question to operators about a container and a target. Each pair has only
/// one.
struct prompt {
  // The members that each block reads come first, so that they lie together.
  std::string domain; ///< as in the first block; empty: no name
  std::string dest;   ///< as in the last block
  std::uint64_t count = 0;
  std::int64_t last_seen = 0; ///< microseconds since the epoch
  std::size_t more_addresses =
      0; ///< how many blocks had an address that is not listed
  prompt_state state = prompt_state::waiting;
  prompt_end why = prompt_end::none;
  bool quiet = false;
  bool more_ports = false;
  flag_set flags;
  std::uint64_t number = 0; ///< grows with every prompt of the hub
  std::uint64_t revision = 1;
  std::int64_t first_seen = 0;
  std::shared_ptr<const prompt_container> container;
  std::string target; ///< as in the first block
  std::vector<ip_address> addresses;
  std::vector<std::int64_t> ports;
  std::vector<std::int64_t> protocols;
  std::string rule; ///< the rule of the policy; empty: none matches
  boxed<protocol::decision> decision;

  bool is_open() const noexcept {
    return state == prompt_state::waiting || state == prompt_state::deciding;
  }

  friend bool operator==(const prompt&, const prompt&) = default;
};

} // namespace clearance::protocol
