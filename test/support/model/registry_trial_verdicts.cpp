// What the model says of verdicts and decisions: which are refused, which wait,
// and which may run beside each other.

#include "test/support/model/registry_trial.hpp"

#include <algorithm>
#include <stdexcept>

namespace clearance::test {

namespace {

using kind = protocol::verdict_outcome::kind;
using execution = protocol::prompt_table::execution;

void ensure(bool holds, const char* what) {
  if (!holds)
    throw std::logic_error(what);
}

} // namespace

std::size_t registry_trial::caller_of(caf::actor_id box) const {
  for (std::size_t i = 0; i < callers_.size(); ++i)
    if (callers_[i]->box.actor().id() == box)
      return i;
  throw std::logic_error("an answer to nobody");
}

// A call is for the question that the registry looks at now, or for one that
// waited: then it is the oldest one that waits for this target.
std::size_t registry_trial::take_call(const protocol::shield_call& x) {
  const auto oldest =
      std::find_if(waiting_.begin(), waiting_.end(), [&](std::size_t who) {
        const auto& y = asked_by(who);
        return y.key.first == x.container && y.dest == x.dest;
      });
  std::size_t who = 0;
  if (oldest != waiting_.end()) {
    who = *oldest;
    ensure(model_.is_in_flight(asked_by(who).ticket),
           "what ended while it waited is not executed");
    waiting_.erase(oldest);
    asked_by(who).waits = false;
    return who;
  }
  ensure(!unseen_.empty(), "an execution that nobody asked for");
  who = unseen_.front();
  unseen_.pop_front();
  auto& of = asked_by(who);
  ensure(!refusal_of(of), "only what is live is executed");
  model_.launch(of.key, of.ticket);
  return who;
}

bool registry_trial::may_run(const question& x) const {
  return std::all_of(callers_.begin(), callers_.end(), [&](const auto& each) {
    const auto& y = each->asked;
    if (!y || y->call == 0 || y->announced || y->key.first != x.key.first
        || y->dest != x.dest)
      return true;
    return !x.decides() && !y->decides() && x.action == y->action;
  });
}

void registry_trial::on_call(const protocol::shield_call& x) {
  const auto who = take_call(x);
  auto& of = asked_by(who);
  ensure(to_string(x.action) == of.action && x.container == of.key.first
             && x.dest == of.dest,
         "what is executed is what was asked");
  ensure(may_run(of), "verdicts on one target that disagree, or a decision, "
                      "run alone");
  of.call = ++calls_;
  running_.push_back(who);
}

// The registry has looked at this question. If nothing came of that, the
// question waits.
void registry_trial::on_mark(std::size_t who) {
  const auto ticket = marks_.front();
  marks_.pop_front();
  if (unseen_.empty() || asked_by(unseen_.front()).ticket != ticket)
    return;
  ensure(unseen_.front() == who, "questions are looked at in order");
  unseen_.pop_front();
  auto& of = asked_by(who);
  ensure(!refusal_of(of), "what is refused does not wait");
  const bool somebody_waits =
      std::any_of(waiting_.begin(), waiting_.end(), [&](std::size_t other) {
        const auto& y = asked_by(other);
        return y.key.first == of.key.first && y.dest == of.dest;
      });
  ensure(somebody_waits || !may_run(of), "what may run does not wait");
  model_.launch(of.key, of.ticket);
  of.waits = true;
  waiting_.push_back(who);
}

// Its open request ended while it waited.
void registry_trial::end_unexecuted(std::size_t who) {
  ensure(!model_.is_in_flight(asked_by(who).ticket),
         "what is in flight is not refused");
  if (!closed_.empty()) {
    ensure(closed_.front() == who, "requests are closed in order");
    closed_.pop_front();
  }
  std::erase(waiting_, who);
}

void registry_trial::on_outcome(std::size_t who,
                                const protocol::verdict_outcome& y) {
  auto& x = asked_by(who);
  if (x.call != 0) {
    ensure(x.announced, "verdict_applied comes before its caller's reply");
    ensure(y.what == (x.ok ? kind::ok : kind::shield_cli_failed),
           "the caller hears what the executor said");
    return;
  }
  if (x.waits) {
    ensure(y.what == kind::unknown_request, "its request is gone");
    end_unexecuted(who);
    return;
  }
  // Refused at once: so it is the oldest question that was not looked at.
  ensure(!unseen_.empty() && unseen_.front() == who,
         "verdicts are judged in order");
  unseen_.pop_front();
  const auto refusal = refusal_of(x);
  ensure(refusal.has_value(), "what is live is not refused");
  ensure(*refusal == y, "the refusal is the model's");
}

void registry_trial::on_executed(std::size_t who, const actors::executed& y) {
  auto& x = asked_by(who);
  if (x.call != 0) {
    ensure(x.announced, "verdict_applied comes before the decision's reply");
    ensure(y.how == (x.ok ? execution::applied : execution::failed),
           "the prompts hear what the executor said");
    return;
  }
  if (x.waits) {
    ensure(y.how == execution::changed, "its request is gone");
    end_unexecuted(who);
    return;
  }
  ensure(!unseen_.empty() && unseen_.front() == who,
         "decisions are judged in order");
  unseen_.pop_front();
  ensure(refusal_of(x).has_value(), "what is live is not refused");
  const auto* known = model_.find(x.key);
  const bool is_in_flight = known != nullptr && known->number == x.generation;
  ensure(y.how == (is_in_flight ? execution::failed : execution::changed),
         "the refusal is the model's");
}

// A decision names exactly one open request, whatever its target is.
std::optional<protocol::verdict_outcome>
registry_trial::refusal_of(const question& x) {
  if (!x.decides())
    return model_.refusal(x.key, x.dest, x.action);
  const auto* known = model_.find(x.key);
  if (known != nullptr && known->number == x.generation && known->ticket == 0)
    return std::nullopt;
  return protocol::verdict_outcome{kind::unknown_request, {}};
}

} // namespace clearance::test
