// The decisions that `History` knows: those of this life of the hub, and those
// that the audit trail has of before.
//
//   attend --> trail reads its files --past_decisions--> they come first
//      |          (not on our thread)                          |
//      '-- History waits, at most history_read_deadline -------'--> answers
//
// The numbers of decisions go on behind those of before. A decision that was
// made while the files were read (few milliseconds) moves behind them, too.

#include "actors/base/fault.hpp"
#include "actors/operator/prompts.hpp"
#include "protocol/varlink/operator_reply.hpp"

#include <algorithm>
#include <utility>

namespace clearance::actors {

namespace operator_limits = protocol::operator_limits;
namespace varlink = protocol::varlink;

void prompts::answer_history(const varlink::history_call& x,
                             answer_promise promise) {
  if (!is_past_known_) {
    wait_for_past_.emplace_back(x, promise);
    wake_at(past_due_, self_->clock().now());
    return;
  }
  promise.deliver(operator_answer{history_of(x)});
}

std::string prompts::history_of(const varlink::history_call& x) const {
  if (x.limit && *x.limit < 0)
    return varlink::invalid_parameter("limit");
  return varlink::history_reply(
      history_, static_cast<std::uint64_t>(std::max<std::int64_t>(x.after, 0)),
      static_cast<std::size_t>(
          x.limit.value_or(operator_limits::history_max_decisions)),
      x.container);
}

// If memory is denied, the history begins with this life.
void prompts::on_past(const past_decisions& x) {
  if (x.all && !x.all->empty())
    if_memory_allows([&] {
      const auto& past = *x.all;
      const auto last = past.back().seq;
      history_.insert(history_.begin(), past.begin(), past.end());
      for (auto i = past.size(); i < history_.size(); ++i)
        history_[i].seq += last;
      table_.number_decisions_behind(last);
      while (history_.size() > operator_limits::history_max_decisions)
        history_.pop_front();
    });
  know_past();
}

// Or it takes too long.
void prompts::know_past() {
  is_past_known_ = true;
  for (auto& [call, promise] : std::exchange(wait_for_past_, {})) {
    auto to = promise;
    try {
      to.deliver(operator_answer{history_of(call)});
    } catch (const std::exception&) {
      insist([&] { to.deliver(operator_answer{}); });
    }
  }
}

void prompts::look_at_past(protocol::time_point at) {
  if (is_past_known_ || wait_for_past_.empty())
    return;
  if (at >= past_due_)
    know_past();
  else
    wake_at(past_due_, at);
}

void prompts::remember(const protocol::decision& x) {
  count(x);
  if_memory_allows([&] {
    history_.push_back(x);
    if (history_.size() > operator_limits::history_max_decisions)
      history_.pop_front();
  });
}

} // namespace clearance::actors
