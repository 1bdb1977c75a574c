/// Records of the audit trail: written and read. Source: operator.md,
/// section 5.
#pragma once

#include "protocol/operator/prompt.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace clearance::protocol {

/// What a record is about.
enum class audit_event : std::uint8_t {
  start,           ///< of the hub
  stop,            ///< of the hub
  decision_asked,  ///< before anything is executed
  decision_result, ///< applied, failed or left_denied
  refusal,         ///< somebody asked for what is not executed
  policy_load,     ///< `ok` says whether it succeeded
  operator_came,   ///< a client began to watch
  operator_went,   ///< it left
  torn_line,       ///< a crash had cut off the line before; it was set aside
  records_lost,    ///< `count` records could not be written
  file_ended,      ///< the trail goes on in another file
  file_removed,    ///< an old file was removed
};

/// The word in the file; a literal.
std::string_view to_string(audit_event x) noexcept;
std::optional<audit_event> parse_audit_event(std::string_view word) noexcept;

/// What one record says, but its place in the chain.
struct audit_record {
  audit_event event = audit_event::start;
  std::int64_t time = 0; ///< microseconds since the epoch, UTC
  std::string hub;
  std::string boot;
  std::optional<protocol::decision> decision; ///< of the decision_... events
  std::optional<decider> by;                  ///< of refusals and clients
  std::string container;                      ///< of a refusal
  std::string target;                         ///< of a refusal
  std::string request_id; ///< of a verdict on a request; may be empty
  std::string text;       ///< why, or which file; may be empty
  bool ok = true;         ///< of policy_load
  std::uint64_t count = 0;

  friend bool operator==(const audit_record&, const audit_record&) = default;
};

class json_members;

/// Appends the members behind `event`, for audit_chain::next().
void append_audit_members(json_members& to, const audit_record& x);

/// What is read of a line again: the chain, and what people filter by.
struct audit_line {
  std::int64_t version = 0;
  std::uint64_t seq = 0;
  std::string prev; ///< 64 hexadecimal digits
  std::int64_t time = 0;
  std::string hub, boot, event;
  std::string container, target;
  std::string by_kind, by_command, by_name;
  std::optional<std::int64_t> by_uid, by_pid;
  std::string action, result, reason, rule, error;
  std::string request_id, text;
  // More of a decision.
  std::uint64_t decision_seq = 0;
  std::string prompt;
  std::int64_t at = 0;
  std::optional<std::int64_t> until, waited, shown;
};

/// Reads one line without its newline. Unknown members are ignored. An error is
/// a literal that says what is wrong.
std::variant<audit_line, std::string_view>
parse_audit_line(std::string_view line);

/// The decision whose result the line says. Nothing: the line says no result,
/// or it has words that this program does not know.
std::optional<decision> decision_of(const audit_line& x);

} // namespace clearance::protocol
