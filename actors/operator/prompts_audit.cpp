// What the prompts write to the audit trail. A decision that is executed is
// written by the registry; see actors/hub/registry_audit.cpp.

#include "actors/base/fault.hpp"
#include "actors/operator/prompts.hpp"
#include "protocol/text/text.hpp"

#include <string>
#include <utility>

namespace clearance::actors {

using protocol::audit_event;
using protocol::audit_record;

void prompts::note(audit_record x) {
  self_->send(config_.audit.trail, audit_note{std::move(x)});
}

void prompts::note_left_denied(const protocol::decision& x) {
  if (!config_.audit.trail)
    return;
  if_memory_allows([&] {
    audit_record record;
    record.event = audit_event::decision_result;
    record.decision = x;
    note(std::move(record));
  });
}

void prompts::note_refusal(const protocol::varlink::decide_call& x,
                           const peer& by, std::string_view why) {
  if (!config_.audit.trail)
    return;
  if_memory_allows([&] {
    audit_record record;
    record.event = audit_event::refusal;
    record.by = decider_of(by, x.name);
    record.text = why;
    record.text += " " + x.prompt;
    protocol::sanitise(record.text);
    if (const auto* known = table_.find(x.prompt)) {
      record.container = known->container->name;
      record.target = known->target;
    }
    note(std::move(record));
  });
}

void prompts::note_load(const policy_loaded& x) {
  if (!config_.audit.trail)
    return;
  if_memory_allows([&] {
    audit_record record;
    record.event = audit_event::policy_load;
    record.ok = x.rules != nullptr;
    record.text = x.state;
    note(std::move(record));
  });
}

void prompts::note_operator(audit_event what, const watcher& x) {
  if (!config_.audit.trail)
    return;
  if_memory_allows([&] {
    audit_record record;
    record.event = what;
    record.by = x.who;
    note(std::move(record));
  });
}

} // namespace clearance::actors
