/// What clients ask of us and what comes of it, as values.
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

/// Exactly the two words, else nothing.
std::optional<action> parse_action(std::string_view word) noexcept;

/// What an executor says of one shield call.
struct shield_outcome {
  bool ok = false;
  std::string stderr_text; ///< empty when ok; else why, ready to be shown

  friend bool operator==(const shield_outcome&,
                         const shield_outcome&) = default;
};

/// How a `Verdict` call ends. `fields` are the error's parameters in the order
/// of its declaration.
struct verdict_outcome {
  enum class kind : std::uint8_t {
    ok,
    invalid_action,         ///< action
    unknown_request,        ///< request_id
    verdict_tuple_mismatch, ///< expected_container, expected_dest,
                            ///< got_container, got_dest
    shield_cli_failed,      ///< action, stderr
  };

  kind what = kind::ok;
  std::vector<std::string> fields;

  friend bool operator==(const verdict_outcome&,
                         const verdict_outcome&) = default;
};

/// The shield's command line without the program: ACTION CONTAINER DEST.
struct shield_call {
  protocol::action action = protocol::action::deny;
  std::string container;
  std::string dest;
};

/// Why `call` must not be run, or nothing. A container or destination that
/// starts with `-` would become an option of the shield; an empty one or one
/// with a NUL would become another call. Source: clearance.md, section 6.
std::optional<std::string> refusal(const shield_call& call);

} // namespace clearance::protocol
