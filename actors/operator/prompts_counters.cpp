// What the prompts count, for the log and for the metrics.

#include "actors/operator/prompts.hpp"

#include <algorithm>
#include <string_view>

namespace clearance::actors {

using protocol::decision_result;

// A decision that took effect: it was applied, or left the firewall's deny.
void prompts::count(const protocol::decision& x) {
  using kind = protocol::decider::kind;
  if (x.result != decision_result::applied
      && x.result != decision_result::left_denied)
    return;
  const std::size_t action = x.action == protocol::action::allow ? 0 : 1;
  if (x.by.what == kind::operator_client)
    ++counters_.by_operators[action];
  else if (x.by.what == kind::application)
    ++counters_.by_applications[action];
  const auto waited = std::max<std::int64_t>(x.waited.value_or(0), 0);
  ++counters_.decided;
  counters_.waited_microseconds += static_cast<std::uint64_t>(waited);
  for (std::size_t i = 0; i < waits.size(); ++i)
    if (waited <= waits[i].first * 1'000'000)
      ++counters_.decided_within[i];
}

void prompts::add_counters(protocol::counter_list& to) const {
  const auto add = [&to](std::string_view what, std::uint64_t value) {
    to.push_back({name, what, value});
  };
  add("blocks", counters_.blocks);
  add("prompts", table_.size());
  add("prompts_waiting", table_.open());
  add("prompts_forgotten", table_.forgotten());
  add("blocks_without_prompt", table_.unrecorded());
  add("news_missed", box_->missed());
  add("prompt_bytes", table_.bytes());
  add("operators", watchers_.size());
  add("decisions_applied", counters_.applied);
  add("decisions_failed", counters_.failed);
  add("decisions_refused", counters_.refused);
  add("left_denied_by_policy", counters_.left_denied);
  add("allowed_by_policy", counters_.allowed_automatically);
  add("allowed_by_operators", counters_.by_operators[0]);
  add("denied_by_operators", counters_.by_operators[1]);
  add("allowed_by_applications", counters_.by_applications[0]);
  add("denied_by_applications", counters_.by_applications[1]);
  for (std::size_t i = 0; i < waits.size(); ++i)
    add(waits[i].second, counters_.decided_within[i]);
  add("decided", counters_.decided);
  add("waited_microseconds", counters_.waited_microseconds);
  add("oldest_waiting_microseconds", oldest_wait());
  if (has_policy_)
    add("policy_valid", policy_is_valid_ ? 1 : 0);
}

// Microseconds. Prompts have their numbers in the order in which they began.
std::uint64_t prompts::oldest_wait() const {
  const protocol::prompt* each = nullptr;
  for (std::uint64_t n = 0; (each = table_.next_after(n)) != nullptr;
       n = each->number)
    if (each->state == protocol::prompt_state::waiting)
      return static_cast<std::uint64_t>(
          std::max<std::int64_t>(config_.wall_clock() - each->first_seen, 0));
  return 0;
}

} // namespace clearance::actors
