/// The commands of `terok-clearance --plain`, as lines of text or of JSON.
/// Source: clients.md, section 2.
#pragma once

#include "protocol/hub/verdict.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace clearance::protocol {

/// `a N [reason]`, `d N [reason]`; `x` is `d`.
struct plain_decide {
  protocol::action action = protocol::action::deny;
  std::uint64_t number = 0;
  std::string reason;

  friend bool operator==(const plain_decide&, const plain_decide&) = default;
};

/// A command with a number or without one.
struct plain_order {
  enum class kind {
    list,    ///< `l`
    explain, ///< `e N`
    quiet,   ///< `m N`: the container of N
    help,    ///< `h`, `?`
    quit,    ///< `q`
    nothing, ///< an empty line
  };

  kind what = kind::nothing;
  std::uint64_t number = 0;

  friend bool operator==(const plain_order&, const plain_order&) = default;
};

/// What is wrong with a line: one sentence, printable.
struct plain_fault {
  std::string why;
};

using plain_command = std::variant<plain_decide, plain_order, plain_fault>;

/// Reads one line without its newline. Words stand between blanks; the reason
/// is all that follows the number.
plain_command parse_plain_command(std::string_view line);

/// Reads one object: `{"command":"allow","number":3,"reason":"wheels"}`. The
/// commands are allow, deny, list, explain, quiet, help and quit.
plain_command parse_json_command(std::string_view line);

} // namespace clearance::protocol
