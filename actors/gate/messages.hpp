/// The conversation between the git gate's actors. The gate is a service of its
/// own: it knows nothing of the hub.
#pragma once

#include "actors/base/messages.hpp"
#include "actors/gate/http_port.hpp"
#include "protocol/gate/grants.hpp"

#include <memory>
#include <vector>

namespace clearance::actors {

/// May I start a backend?
using ask_slot_atom = caf::atom_constant<caf::atom("askslot")>;

/// The answer to that.
using slot_atom = caf::atom_constant<caf::atom("slot")>;

/// A wrong token was shown: when may I say so?
using slow_atom = caf::atom_constant<caf::atom("slow")>;

/// No new requests; end when those that run are answered, or are late.
using stop_atom = caf::atom_constant<caf::atom("stop")>;

/// The stop has lasted long enough.
using late_atom = caf::atom_constant<caf::atom("late")>;

/// Whole lists replace each other; an git request keeps the one it began with.
using grants_ptr = std::shared_ptr<const std::vector<protocol::grant>>;

struct new_grants {
  grants_ptr value;
};

// -- git request: one HTTP request --------------------------------------------

using git_request_actor = caf::typed_actor<
    // Its request: the end of everything.
    caf::reacts_to<answered>,
    // Its request: a line of the backend's stderr.
    caf::reacts_to<backend_said>,
    // Gate: true when it is its turn, for as long as it lives; false when there
    // are too many before it.
    caf::reacts_to<slot_atom, bool>>;

// -- gate: what git requests share
// -----------------------------------------------

using gate_actor = caf::typed_actor<
    // Listener: a request.
    caf::reacts_to<requested>,
    // Listener: something that is none.
    caf::reacts_to<malformed_request>,
    // Exchange: gets a slot_atom, sooner or later. No request: its deadline
    // would wake the thread of CAF's clock twice for each, and the gate keeps
    // the time of whoever waits.
    caf::reacts_to<ask_slot_atom, git_request_actor>,
    // Exchange: answered when the 403 may leave.
    caf::replies_to<slow_atom>::with<slow_atom>,
    // Itself: a request that waits, or a 403, may be due.
    caf::reacts_to<tick_atom>,
    // Process: the grants file was read anew.
    caf::reacts_to<new_grants>,
    // Process: SIGTERM. And itself, later.
    caf::reacts_to<stop_atom>, caf::reacts_to<late_atom>,
    // Process: counters to the log.
    caf::reacts_to<report_atom>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::new_grants)
