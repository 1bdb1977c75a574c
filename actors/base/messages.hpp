/// Messages that the actors of all services use, and the handles of a whole
/// service and of the service manager.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/message_type.hpp"

#include <caf/atom.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <string>
#include <string_view>

namespace clearance::actors {

/// Write your counters to the log.
using report_atom = caf::atom_constant<caf::atom("report")>;

/// A timer has run out: something may be due.
using tick_atom = caf::atom_constant<caf::atom("tick")>;

/// Report that you still run.
using alive_atom = caf::atom_constant<caf::atom("alive")>;

// -- service manager: who started the process ---------------------------------

/// The state that a service reports of itself. `ready`: all its sockets are
/// served, or the settings that it got while it ran are in use.
struct service_state {
  std::string_view service; ///< the name of its actor, a literal
  bool ready = false;
  std::string status; ///< what the service does, for people
};

/// The manager link. Null if nobody wants to know.
using manager_actor = caf::typed_actor<
    // From hub, verdict helper, gate, supervisor.
    caf::reacts_to<service_state>>;

using manager_link_actor = manager_actor::extend<
    // From itself: there is something to send.
    caf::reacts_to<tick_atom>,
    // From itself.
    caf::reacts_to<alive_atom>>;

// -- hub and verdict helper: whole services -----------------------------------

using service_actor = caf::typed_actor<
    // From the listener: a varlink client.
    caf::reacts_to<accepted>,
    // From the process: write your counters to the log.
    caf::reacts_to<report_atom>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::service_state)
