// What the registry counts, for the log and for the metrics.

#include "actors/hub/registry.hpp"

#include <cstdint>
#include <string_view>

namespace clearance::actors {

void registry::on_report() const {
  for (auto& x : members_)
    self_->send(x.handle, report_atom::value);
  protocol::counter_list all;
  add_counters(all);
  log_counters(name, all);
}

void registry::add_counters(protocol::counter_list& to) const {
  auto lost = counters_.lost_by_the_gone;
  for (auto& x : members_)
    lost += x.queue->dropped();
  const auto add = [&to](std::string_view what, std::uint64_t value) {
    to.push_back({name, what, value});
  };
  add("events", counters_.events);
  add("subscribers", members_.size());
  add("events_lost", lost);
  add("batches_held_back", counters_.held_back);
  add("batches_not_waited_for", counters_.gave_up_waiting);
  add("open_requests", map_.live());
  add("open_requests_in_flight", map_.in_flight());
  add("open_requests_evicted", map_.evicted());
  add("open_requests_without_memory", map_.without_memory());
  add("open_request_bytes", map_.bytes());
  add("containers", map_.containers());
  add("verdicts_applied", counters_.verdicts_ok);
  add("verdicts_failed", counters_.verdicts_failed);
  add("verdicts_refused", counters_.verdicts_refused);
  add("open_requests_closed_together", counters_.requests_closed);
  add("executions", counters_.executions);
  add("executions_failed", counters_.executions_failed);
  add("execution_microseconds", counters_.execution_microseconds);
}

} // namespace clearance::actors
