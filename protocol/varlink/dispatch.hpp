/// The methods we serve: `org.varlink.service` answered here, our own ones
/// checked here and handed on.
#pragma once

#include "protocol/varlink/message.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace clearance::protocol::varlink {

/// Interface descriptions, standard IDL with the errors. Literals.
namespace idl {
extern const std::string_view service;           // org.varlink.service
extern const std::string_view clearance;         // org.terok.Clearance1
extern const std::string_view clearance_verdict; // org.terok.ClearanceVerdict1
} // namespace idl

/// Which of our two services this is.
enum class role { hub, verdict_helper };

/// `reply` is everything the client gets for this call (empty for oneway).
struct answered {
  std::string reply;
};
struct verdict_call {
  std::string container, request_id, dest, action;
};
struct apply_call {
  std::string container, dest, action;
};
struct subscribe_call {};

/// What is to be done about one call.
using dispatched =
    std::variant<answered, verdict_call, apply_call, subscribe_call>;

/// Decides a call: the interface, the method, then the parameters in their
/// declared order, then unknown ones. A oneway call's error is an empty reply.
/// A oneway `Subscribe` is answered with nothing. `upgrade` changes nothing.
dispatched dispatch(role who, const call& x);

} // namespace clearance::protocol::varlink
