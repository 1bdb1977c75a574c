// In which order verdicts on one target are executed.
//
//   verdict --> check --> its turn? --yes--> run --> end --> next turn
//                            |                                   ^
//                            no: it waits, its request is in flight
//
// Verdicts on one container and target form a line. Verdicts of Clearance1 that
// agree are executed side by side, because their order does not matter: ten
// clients that allow ten requests of one target do not wait for each other. A
// verdict that disagrees with those before it waits for them. A decision about
// a prompt waits for every verdict before it, and is executed alone. Whoever
// comes behind one that waits, waits too. So the firewall is left as the last
// verdict wants it, and nobody decides a prompt twice.
//
// What may happen while a verdict waits:
//
//   its request is dropped or replaced        the verdict is refused
//   a decision about the prompt is applied    the request is closed with it, as
//                                             all others of the prompt, and the
//                                             verdict is refused
//   verdict_turn_max_wait passes              the verdict fails, the request is
//                                             live again
//
// A verdict that waits looks at this when its turn comes. An execution ends
// within limits::executor_deadline, so nobody waits longer than that. A hub in
// which nobody decides pays nothing for all of this.

#include "actors/base/fault.hpp"
#include "actors/hub/registry.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/operator/limits.hpp"
#include "protocol/operator/prompt_table.hpp"

#include <exception>
#include <string>
#include <utility>

namespace clearance::actors {

namespace limits = protocol::limits;
namespace operator_limits = protocol::operator_limits;

// The prompts give up later than a decision that has waited as long as it may:
// 2 s for its record, then the executor.
static_assert(operator_limits::verdict_turn_max_wait
                  + operator_limits::audit_deadline + limits::executor_deadline
              < operator_limits::decision_deadline);

namespace {

// The shield is given a text. So a name and an address with one text are one
// target here, and all spellings of a target have one key.
std::string turn_key(const protocol::shield_call& x) {
  const auto target = protocol::parse_ip_address(x.dest)
                          ? protocol::target_key({}, x.dest)
                          : protocol::target_key(x.dest, {});
  return x.container + '\0' + target;
}

} // namespace

bool registry::turn_line::has_turn(const checked_verdict& x) const noexcept {
  if (running == 0)
    return true;
  return !is_alone && !x.is_alone && action == x.what.call.action;
}

// If memory is denied after the executor got the call, its answer goes nowhere,
// as when it comes too late.
void registry::execute(const verdict& x,
                       const protocol::authorisation_map::cited& what,
                       const verdict_promise& promise) {
  checked_verdict_ptr checked;
  try {
    checked = std::make_shared<const checked_verdict>(checked_verdict{
        x, what, self_->clock().now(), false,
        [this, promise](const checked_verdict& y,
                        const protocol::shield_outcome* result) {
          if (result != nullptr)
            settled(y.asked, y.what, *result, promise);
          else
            end_unexecuted(y.asked, promise);
        }});
  } catch (const std::exception& fault) {
    settled(x, what, {false, std::string{fault_text(fault)}}, promise);
    return;
  }
  take_turn(checked);
}

// Its open request ended while it waited.
void registry::end_unexecuted(const verdict& x, verdict_promise promise) {
  insist([&] {
    const protocol::verdict_outcome why{
        protocol::verdict_outcome::kind::unknown_request, {x.request_id}};
    promise.deliver(why);
  });
  if_memory_allows([&] {
    refuse(x,
           {protocol::verdict_outcome::kind::unknown_request, {x.request_id}});
  });
}

void registry::take_turn(const checked_verdict_ptr& x) {
  turn_lines::iterator at;
  try {
    at = turns_.try_emplace(turn_key(x->what.call)).first;
    auto& line = at->second;
    if (!line.waiting.empty() || !line.has_turn(*x)) {
      if (turns_waiting_ >= limits::verdicts_waiting_max) {
        const protocol::shield_outcome full{
            false, "too many verdicts wait for others on their targets"};
        return x->end(*x, &full);
      }
      line.waiting.push_back(x);
      ++turns_waiting_;
      return;
    }
  } catch (const std::exception& fault) { // a new line is there, or no line
    const protocol::shield_outcome denied{false,
                                          std::string{fault_text(fault)}};
    return x->end(*x, &denied);
  }
  start_turn(at, x);
}

void registry::start_turn(turn_lines::iterator at,
                          const checked_verdict_ptr& x) {
  auto& line = at->second;
  ++line.running;
  line.action = x->what.call.action;
  line.is_alone = x->is_alone;
  settle_function settle;
  try {
    settle = [this, at, x](const protocol::shield_outcome& y) {
      end_turn(at, *x, y);
    };
  } catch (const std::exception& fault) {
    end_turn(at, *x, {false, std::string{fault_text(fault)}});
    return;
  }
  run(x->asked, x->what, settle);
}

// The end is announced before the next verdict starts. `at` may be gone
// afterwards.
void registry::end_turn(turn_lines::iterator at, const checked_verdict& x,
                        const protocol::shield_outcome& result) {
  auto& line = at->second;
  x.end(x, &result);
  if (x.is_alone && result.ok)
    close_waiting(line, x.what.call.action);
  --line.running;
  if (line.is_moving)
    return; // move_on() called this
  move_on(at);
  if (line.running == 0 && line.waiting.empty())
    turns_.erase(at);
}

void registry::move_on(turn_lines::iterator at) {
  auto& line = at->second;
  const auto now = self_->clock().now();
  line.is_moving = true;
  while (!line.waiting.empty() && line.has_turn(*line.waiting.front())) {
    const auto x = std::move(line.waiting.front());
    line.waiting.pop_front();
    --turns_waiting_;
    if (!map_.is_in_flight(x->what.id)) {
      x->end(*x, nullptr);
    } else if (now - x->since > operator_limits::verdict_turn_max_wait) {
      const protocol::shield_outcome late{
          false, "another verdict on this target took too long"};
      x->end(*x, &late);
    } else {
      start_turn(at, x);
    }
  }
  line.is_moving = false;
}

// A decision about the prompt was applied. It answers every other open request
// of the prompt, so also those whose verdicts wait.
void registry::close_waiting(turn_line& line, protocol::action applied) {
  while (!line.waiting.empty()) {
    const auto x = std::move(line.waiting.front());
    line.waiting.pop_front();
    --turns_waiting_;
    if (map_.is_in_flight(x->what.id)) {
      map_.settle(x->what.id, true);
      ++counters_.requests_closed;
      announce_applied(x->what.call.container, x->what.request_id, applied,
                       true);
    }
    x->end(*x, nullptr);
  }
}

} // namespace clearance::actors
