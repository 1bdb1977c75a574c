/// Verdicts and their outcomes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

enum class action { allow, deny };

/// "allow" or "deny"; a literal.
std::string_view to_string(action x) noexcept;

/// Accepts exactly these two words; nothing for every other word.
std::optional<action> parse_action(std::string_view word) noexcept;

/// The result of one call of the shield.
struct shield_outcome {
  bool ok = false;
  std::string stderr_text; ///< empty if ok; else why, in words for the user

  friend bool operator==(const shield_outcome&,
                         const shield_outcome&) = default;
};

/// The result of a `Verdict` call. `fields` are the error's parameters, in the
/// order of its declaration.
struct verdict_outcome {
  enum class kind : std::uint8_t {
    ok,
    invalid_action,  ///< fields: action
    unknown_request, ///< fields: request_id
    /// fields: expected_container, expected_dest, got_container, got_dest
    verdict_tuple_mismatch,
    shield_cli_failed, ///< fields: action, stderr
  };

  kind what = kind::ok;
  std::vector<std::string> fields;

  friend bool operator==(const verdict_outcome&,
                         const verdict_outcome&) = default;
};

/// The arguments of the shield's command line: ACTION CONTAINER DEST, and
/// `--for SECONDS` behind them if the action ends by itself.
struct shield_call {
  protocol::action action = protocol::action::deny;
  std::string container;
  std::string dest;
  std::int64_t seconds = 0; ///< 0: it has no end
};

/// Why `call` must not be run, or nothing. A container or destination that
/// starts with `-` would become an option of the shield; an empty one or one
/// with a NUL would become another call. Source: clearance.md, section 6.
std::optional<std::string> refusal(const shield_call& call);

} // namespace clearance::protocol
