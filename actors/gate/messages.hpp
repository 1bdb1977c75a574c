/// The messages of the git gate's actors. The gate does not depend on the hub.
#pragma once

#include "actors/base/messages.hpp"
#include "actors/base/process.hpp"
#include "actors/gate/http_port.hpp"
#include "protocol/gate/grants.hpp"

#include <memory>
#include <vector>

namespace clearance::actors {

/// Answers ask_slot.
using slot_atom = caf::atom_constant<caf::atom("slot")>;

/// Another request waits for the slot of this one.
using crowded_atom = caf::atom_constant<caf::atom("crowded")>;

/// A wrong token was shown. The answer comes when the 403 may be sent.
using slow_atom = caf::atom_constant<caf::atom("slow")>;

/// Stop: take no new requests, and end when those that run are answered.
using stop_atom = caf::atom_constant<caf::atom("stop")>;

/// The time for stopping is over: end now.
using late_atom = caf::atom_constant<caf::atom("late")>;

/// Whether the gate is idle: no request has a slot.
using idle_atom = caf::atom_constant<caf::atom("idle")>;

/// A push may have changed the repository.
using pushed_atom = caf::atom_constant<caf::atom("pushed")>;

/// New grants are a new list. A git request keeps the list that it began with.
using grants_ptr = std::shared_ptr<const std::vector<protocol::grant>>;

struct new_grants {
  grants_ptr value;
};

// -- git request: one HTTP request --------------------------------------------

using git_request_actor = caf::typed_actor<
    // From the I/O: the request is answered, or its client has left.
    caf::reacts_to<answered>,
    // From the I/O: a line of the backend's stderr.
    caf::reacts_to<backend_said>,
    // From the gate: 0: this git request has a slot until it ends. Else the
    // status of the refusal: 429 if its token uses its whole share, 503 if the
    // gate is full.
    caf::reacts_to<slot_atom, int>,
    // From the gate: the request ends if its client sends too slowly.
    caf::reacts_to<crowded_atom>>;

/// A git request wants to start a backend.
struct ask_slot {
  git_request_actor who;
  protocol::sha256_digest token; ///< the token that opens the repository
  bool pushes = false;
};

// -- upkeep: what an idle gate does -------------------------------------------

using upkeep_actor = caf::typed_actor<
    // From the gate: it has become idle (true), or is not idle any more.
    caf::reacts_to<idle_atom, bool>,
    // From the gate: a run is due.
    caf::reacts_to<pushed_atom>,
    // From the gate: there may be other repositories.
    caf::reacts_to<new_grants>,
    // From the gate: end as soon as no run is under way.
    caf::reacts_to<stop_atom>,
    // From itself: a run may be due.
    caf::reacts_to<tick_atom>,
    // From the I/O: the run has ended.
    caf::reacts_to<process_ended>>;

// -- gate: what git requests share --------------------------------------------

using gate_actor = caf::typed_actor<
    // From the listener: a request.
    caf::reacts_to<requested>,
    // From the listener: a request that was malformed.
    caf::reacts_to<malformed_request>,
    // From a git request: it gets a slot_atom later. This is not a request of
    // CAF: its deadline would wake the thread of CAF's clock twice for each git
    // request, and the gate itself ends the waiting in time.
    caf::reacts_to<ask_slot>,
    // From a git request: answered when the 403 may be sent.
    caf::replies_to<slow_atom>::with<slow_atom>,
    // From itself: a request may have waited too long, or a 403 may be due.
    caf::reacts_to<tick_atom>,
    // From the process: the grants file was read again.
    caf::reacts_to<new_grants>,
    // From the process: SIGTERM. Then from itself: the time is over.
    caf::reacts_to<stop_atom>, caf::reacts_to<late_atom>,
    // From the process: write your counters to the log.
    caf::reacts_to<report_atom>>;

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::ask_slot)
CLEARANCE_MESSAGE(clearance::actors::new_grants)
