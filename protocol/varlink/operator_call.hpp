/// The calls of org.terok.ClearanceOperator1, checked. Source: operator.md,
/// section 2.
#pragma once

#include "protocol/hub/event.hpp"
#include "protocol/varlink/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::protocol::varlink {

inline constexpr std::string_view operator_name =
    "org.terok.ClearanceOperator1";

// One type for each method. Texts that a caller left out are empty.

struct watch_call {
  std::string name; ///< what the client says of itself
  bool attends = false;
};
struct list_call {
  std::string container; ///< empty: all
};
struct decide_call {
  std::string prompt;
  std::int64_t revision = 0;
  std::string action; ///< not checked
  std::string reason;
  std::optional<std::int64_t> seconds; ///< of the scope
  std::string name;
};
struct quiet_call {
  std::string container;
  bool on = false;
};
struct history_call {
  std::int64_t after = 0;
  std::optional<std::int64_t> limit;
  std::string container; ///< empty: all
};
struct explain_call {
  std::string prompt; ///< empty: the other members say what is asked about
  std::string container;
  std::string target;
  protocol::dossier dossier;
  std::vector<std::string> addresses;
  std::vector<std::int64_t> ports;
};
struct rules_call {};
struct lost_call {};

using operator_call =
    std::variant<watch_call, list_call, decide_call, quiet_call, history_call,
                 explain_call, rules_call, lost_call>;

/// Why a call is none of these.
struct operator_refusal {
  enum class kind : std::uint8_t {
    no_method,       ///< the interface has no such method
    not_implemented, ///< the interface has it, the hub does not
    bad_parameter,   ///< it is missing, unknown or of the wrong type
    expected_more,   ///< `Watch` without `more`
  };

  kind why = kind::no_method;
  std::string name; ///< of the method or parameter
};

/// Reads a call of a method of the interface; `method` is its name there.
/// Parameters are checked in their declared order, then unknown ones. A
/// parameter that may be left out may be null, too.
std::variant<operator_call, operator_refusal>
parse_operator_call(std::string_view method, const call& x);

} // namespace clearance::protocol::varlink
