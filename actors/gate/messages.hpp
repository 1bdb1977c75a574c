/// The conversation between the git gate's actors. The gate is a service of its
/// own: it knows nothing of the hub.
#pragma once

#include "actors/base/messages.hpp"
#include "actors/base/process.hpp"
#include "actors/gate/http_port.hpp"
#include "protocol/gate/grants.hpp"

#include <memory>
#include <vector>

namespace clearance::actors {

/// The answer to ask_slot.
using slot_atom = caf::atom_constant<caf::atom("slot")>;

/// Others wait for your slot.
using crowded_atom = caf::atom_constant<caf::atom("crowded")>;

/// A wrong token was shown: when may I say so?
using slow_atom = caf::atom_constant<caf::atom("slow")>;

/// No new requests; end when those that run are answered, or are late.
using stop_atom = caf::atom_constant<caf::atom("stop")>;

/// The stop has lasted long enough.
using late_atom = caf::atom_constant<caf::atom("late")>;

/// Whether no request has a slot.
using idle_atom = caf::atom_constant<caf::atom("idle")>;

/// A request that could push has ended.
using pushed_atom = caf::atom_constant<caf::atom("pushed")>;

/// Whole lists replace each other; a git request keeps the one it began with.
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
    // Gate: 0 when it is its turn, for as long as it lives; else the status to
    // refuse it with: 429 when its token has its share, 503 when the gate is
    // full.
    caf::reacts_to<slot_atom, int>,
    // Gate: ends when its client is too slow.
    caf::reacts_to<crowded_atom>>;

/// A git request wants to start a backend.
struct ask_slot {
  git_request_actor who;
  protocol::sha256_digest token; ///< the one that opens the repository
  bool pushes = false;
};

// -- upkeep: what an idle gate does -------------------------------------------

using upkeep_actor = caf::typed_actor<
    // Gate: no request has a slot any more, or one has a slot again.
    caf::reacts_to<idle_atom, bool>,
    // Gate: there may be something to do.
    caf::reacts_to<pushed_atom>,
    // Gate: other repositories.
    caf::reacts_to<new_grants>,
    // Gate: ends when nothing runs.
    caf::reacts_to<stop_atom>,
    // Itself: a run may be due.
    caf::reacts_to<tick_atom>,
    // Its program has ended.
    caf::reacts_to<process_ended>>;

// -- gate: what git requests share --------------------------------------------

using gate_actor = caf::typed_actor<
    // Listener: a request.
    caf::reacts_to<requested>,
    // Listener: something that is none.
    caf::reacts_to<malformed_request>,
    // Git request: gets a slot_atom, sooner or later. No request: its deadline
    // would wake the thread of CAF's clock twice for each, and the gate keeps
    // the time of whoever waits.
    caf::reacts_to<ask_slot>,
    // Git request: answered when the 403 may leave.
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

CLEARANCE_MESSAGE(clearance::actors::ask_slot)
CLEARANCE_MESSAGE(clearance::actors::new_grants)
