/// The messages that actors of every service know, and the handles of a whole
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

/// Look at your clock: something may be due.
using tick_atom = caf::atom_constant<caf::atom("tick")>;

/// Tell that you go on.
using alive_atom = caf::atom_constant<caf::atom("alive")>;

// -- service manager: who started the process ---------------------------------

/// How a service is, said by itself. Ready: each of its sockets is served, or
/// the settings that it was given while it ran hold.
struct service_state {
  std::string_view service; ///< its actor's name, a literal
  bool ready = false;
  std::string status; ///< what it does, for people
};

/// Null where nobody wants to know.
using manager_actor = caf::typed_actor<
    // Hub, verdict helper, gate, supervisor.
    caf::reacts_to<service_state>>;

using manager_link_actor = manager_actor::extend<
    // Itself: there is something to tell.
    caf::reacts_to<tick_atom>,
    // Itself.
    caf::reacts_to<alive_atom>>;

// -- hub and verdict helper: whole services -----------------------------------

using service_actor = caf::typed_actor<
    // Listener: a varlink client.
    caf::reacts_to<accepted>,
    // Process: counters to the log.
    caf::reacts_to<report_atom>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::service_state)
