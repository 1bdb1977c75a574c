// What the registry writes to the audit trail, and when a verdict waits for
// that:
//
//   mode behind    asked ------------> executor --> result
//   mode first     asked --> written or not --> executor --> result
//   mode required  asked --> written --> executor --> result
//                            not written --> the verdict fails, nothing is
//                                            executed, the request is live
//                                            again
//
// The registry is the only one that executes verdicts, so this is the one place
// that all of them pass: those of Clearance1, of operators, of applications and
// of the policy.

#include "actors/base/fault.hpp"
#include "actors/base/wall_clock.hpp"
#include "actors/hub/registry.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/operator/limits.hpp"
#include "protocol/text/text.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace clearance::actors {

namespace {

using protocol::audit_event;
using protocol::audit_record;
using protocol::decider;
using protocol::decision_result;

std::string cut_for_record(std::string_view text) {
  std::string result;
  protocol::assign_sanitised(result, text);
  return result;
}

decider asker_of(const peer& x) {
  using kind = decider::kind;
  return {x.application ? kind::application : kind::operator_client,
          x.uid,
          x.pid,
          x.command,
          {}};
}

audit_record record_of(audit_event what, const verdict& x,
                       const protocol::authorisation_map::cited& cited) {
  audit_record result;
  result.event = what;
  result.request_id = x.request_id;
  auto& made = result.decision.emplace();
  if (x.made) {
    made = *x.made;
    return result;
  }
  made.action = cited.call.action;
  made.by = asker_of(x.who);
  made.at = wall_clock_now();
  made.container = cited.call.container;
  made.target = cited.call.dest;
  return result;
}

} // namespace

void registry::run(const verdict& x,
                   const protocol::authorisation_map::cited& what,
                   const settle_function& settle) {
  const bool is_required = audit_.mode == audit_mode::required;
  try {
    if (audit_.trail && audit_.mode == audit_mode::behind) {
      self_->send(audit_.trail,
                  audit_note{record_of(audit_event::decision_asked, x, what)});
    } else if (audit_.trail) {
      auto go_on = [this, what, settle, is_required](const std::string& why) {
        if (is_required && !why.empty())
          settle({false, "audit: " + why});
        else
          run_recorded(what, settle);
      };
      self_
          ->request(
              audit_.trail, protocol::operator_limits::audit_deadline,
              audit_first{record_of(audit_event::decision_asked, x, what)})
          .then([go_on](const audit_done& y) { go_on(y.why); },
                [go_on](const caf::error&) {
                  go_on("the record was not written in time");
                });
      return;
    }
  } catch (const std::exception& fault) { // nothing is executed yet
    if (is_required)
      return settle({false, "audit: " + std::string{fault_text(fault)}});
  }
  run_recorded(what, settle);
}

void registry::run_recorded(const protocol::authorisation_map::cited& what,
                            const settle_function& settle) {
  try {
    const auto since = self_->clock().now();
    const settle_function end = [this, since,
                                 settle](const protocol::shield_outcome& x) {
      count_execution(self_->clock().now() - since, x.ok);
      settle(x);
    };
    const auto number =
        executions_.add(since, [end](const protocol::shield_outcome* x) {
          if (x != nullptr)
            end(*x);
          else
            end({false, "the verdict executor does not answer"});
        });
    try {
      call_executor(what.call, number);
    } catch (...) {
      executions_.take(number);
      throw;
    }
  } catch (const std::exception& fault) {
    settle({false, std::string{fault_text(fault)}});
  }
}

void registry::call_executor(const protocol::shield_call& call,
                             std::uint64_t number) {
  const auto at = self_->clock().now();
  auto answer = [this, number](const protocol::shield_outcome* x) {
    if (const auto end = executions_.take(number))
      end(x);
  };
  self_->request(executor_, caf::infinite, call)
      .then([answer](const protocol::shield_outcome& x) { answer(&x); },
            [answer](const caf::error&) { answer(nullptr); });
  watch_executions(at);
}

// Gives up executions whose time is over, and sets the timer for the next. An
// earlier timer is not cancelled: its tick comes too early and does nothing.
void registry::watch_executions(protocol::time_point now) {
  if (now >= execution_tick_) {
    execution_tick_ = protocol::time_point::max();
    executions_.expire(now);
  }
  const auto due = executions_.next();
  if (due >= execution_tick_)
    return;
  insist([&] { self_->delayed_send(self_, due - now, tick_atom::value); });
  execution_tick_ = due;
}

void registry::count_execution(protocol::duration time, bool ok) noexcept {
  ++counters_.executions;
  if (!ok)
    ++counters_.executions_failed;
  counters_.execution_microseconds += static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

void registry::record_result(const verdict& x,
                             const protocol::authorisation_map::cited& what,
                             const protocol::shield_outcome& result) {
  if (!audit_.trail)
    return;
  if_memory_allows([&] {
    auto record = record_of(audit_event::decision_result, x, what);
    record.decision->result =
        result.ok ? decision_result::applied : decision_result::failed;
    record.decision->error = cut_for_record(result.stderr_text);
    if (result.ok && what.call.seconds > 0)
      record.decision->until = wall_clock_now() + what.call.seconds * 1'000'000;
    self_->send(audit_.trail, audit_note{std::move(record)});
  });
}

void registry::record_refusal(const verdict& x, std::string_view why) {
  if (!audit_.trail)
    return;
  if_memory_allows([&] {
    audit_record record;
    record.event = audit_event::refusal;
    record.by = asker_of(x.who);
    record.container = cut_for_record(x.container);
    record.target = cut_for_record(x.dest);
    record.request_id = cut_for_record(x.request_id);
    record.text = why;
    self_->send(audit_.trail, audit_note{std::move(record)});
  });
}

} // namespace clearance::actors
