/// The messages to the audit trail's actor. A hub without an audit trail has no
/// such actor.
#pragma once

#include "actors/base/message_type.hpp"
#include "actors/base/messages.hpp"
#include "actors/hub/operators.hpp"
#include "protocol/operator/audit_record.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>

namespace clearance::actors {

/// Write this record. The trail adds time, hub and boot.
struct audit_note {
  protocol::audit_record record;
};

/// Write this record, and say when that is done.
struct audit_first {
  protocol::audit_record record;
};

/// The answer to `audit_first`.
struct audit_done {
  std::string why; ///< why the record is not in the file; empty: it is
};

/// Send me `past_decisions`, once, and from now on `audit_state`.
struct audit_follow {
  operators_actor from;
};

using audit_trail_actor = caf::typed_actor<
    // From registry and prompts.
    caf::reacts_to<audit_note>,
    // From the registry, before it executes a verdict.
    caf::replies_to<audit_first>::with<audit_done>,
    // From the prompts, once.
    caf::reacts_to<audit_follow>,
    // From the hub: write your counters to the log.
    caf::reacts_to<report_atom>>;

/// What verdicts wait for before they are executed.
enum class audit_mode : std::uint8_t {
  behind,   ///< for nothing: the record is written meanwhile
  first,    ///< until the record is written, or cannot be
  required, ///< the same; without its record a verdict is not executed
};

/// The audit trail of one hub.
struct audit_place {
  audit_trail_actor trail; ///< null: there is none
  audit_mode mode = audit_mode::behind;
  std::string state = "none"; ///< in words, as long as the trail says nothing
};

} // namespace clearance::actors

CLEARANCE_MESSAGE(clearance::actors::audit_note)
CLEARANCE_MESSAGE(clearance::actors::audit_first)
CLEARANCE_MESSAGE(clearance::actors::audit_done)
CLEARANCE_MESSAGE(clearance::actors::audit_follow)
