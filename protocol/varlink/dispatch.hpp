/// The varlink methods that our services offer. Calls of `org.varlink.service`
/// are answered here. Calls of our own interfaces are checked here, and their
/// parameters are returned.
#pragma once

#include "protocol/varlink/message.hpp"
#include "protocol/varlink/operator_call.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace clearance::protocol::varlink {

/// Interface descriptions in standard IDL, with the errors. Literals.
namespace idl {
extern const std::string_view service;           // org.varlink.service
extern const std::string_view clearance;         // org.terok.Clearance1
extern const std::string_view clearance_verdict; // org.terok.ClearanceVerdict1
extern const std::string_view clearance_shield;  // org.terok.ClearanceShield1
} // namespace idl

/// Which of our varlink services is called. An operator_hub is a hub that has
/// org.terok.ClearanceOperator1, too.
enum class role { hub, operator_hub, verdict_helper };

/// The call is answered; `reply` is all that the client gets (empty for a
/// oneway call).
struct answered {
  std::string reply;
};
struct verdict_call {
  std::string container, request_id, dest, action;
};
struct apply_call {
  std::string container, dest, action;
  std::int64_t seconds = 0; ///< 0: the verdict does not end by itself
};
struct abilities_call {};
struct subscribe_call {};

/// What to do for one call.
using dispatched = std::variant<answered, verdict_call, apply_call,
                                abilities_call, subscribe_call, operator_call>;

/// Checks a call in this order: interface, method, declared parameters in their
/// order, unknown parameters. The error reply of a oneway call is empty. A
/// oneway `Subscribe` gets no reply. `upgrade` has no effect.
dispatched dispatch(role who, const call& x);

} // namespace clearance::protocol::varlink
