// What the registry tells the operators, and what they ask of it.
//
// News are put into a box; see news_box.hpp. If memory is denied to them the
// operators miss blocks or ends of open requests; what they then ask to execute
// is found to be gone, and no event is lost to anybody else.

#include "actors/base/fault.hpp"
#include "actors/hub/registry.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/varlink/operator_reply.hpp"

#include <exception>
#include <string>
#include <utility>
#include <variant>

namespace clearance::actors {

// A hub without operators does not pay for what they are told.
void registry::on_attend(const attend& x) {
  operators_ = x.from;
  news_ = x.news;
  map_.watch_evictions([box = news_](std::uint64_t generation) {
    box->note_eviction(generation);
  });
}

// Where the message cannot be sent, the next news try again.
void registry::wake_operators() noexcept {
  if (!news_->wakes())
    return;
  try {
    self_->send(operators_, news_atom::value);
  } catch (const std::exception&) {
    news_->sleep();
  }
}

void registry::tell_executed(const verdict& x,
                             const protocol::authorisation_map::cited& what,
                             const protocol::shield_outcome& result) {
  if_memory_allows([&] {
    news_->add(verdict_executed{what.call.container, what.request,
                                what.call.action, result, x.who});
  });
  wake_operators();
}

registry::execute_promise registry::on_execute(const actors::execute& x) {
  using how = protocol::prompt_table::execution;
  using map = protocol::authorisation_map;
  auto promise = self_->make_response_promise<executed>();
  auto answer = [this, promise](how what, std::string why) {
    auto to = promise;
    insist([&] {
      to.deliver(executed{what, why, news_ ? news_->sequence() : 0});
    });
  };
  const map::cited* in_flight = nullptr;
  std::variant<map::cited, map::uncitable> result = map::uncitable::gone;
  checked_verdict_ptr checked;
  try {
    result = map_.cite(x.container, x.request, x.action);
    if (auto* why = std::get_if<map::uncitable>(&result)) {
      if (*why == map::uncitable::gone)
        answer(how::changed, {});
      else
        answer(how::failed, "another verdict on this request is being executed "
                            "or waits for that");
      return promise;
    }
    auto& what = std::get<map::cited>(result);
    in_flight = &what;
    what.call.seconds = x.seconds;
    auto made = std::make_shared<checked_verdict>();
    made->asked = {x.container,    what.request_id,
                   what.call.dest, std::string{to_string(x.action)},
                   x.by,           nullptr,
                   x.rule,         x.made};
    made->what = what;
    made->since = self_->clock().now();
    made->is_alone = true;
    made->end = [this, answer](const checked_verdict& y,
                               const protocol::shield_outcome* outcome) {
      if (outcome == nullptr)
        return answer(how::changed, {});
      conclude(y.asked, y.what, *outcome);
      answer(outcome->ok ? how::applied : how::failed, outcome->stderr_text);
    };
    checked = std::move(made);
  } catch (const std::exception& fault) {
    if (in_flight != nullptr)
      map_.settle(in_flight->id, false);
    answer(how::failed, std::string{fault_text(fault)});
    return promise;
  }
  take_turn(checked);
  return promise;
}

// One process may have several subscriptions; a client that wants to tell them
// apart has one.
registry::answer_promise registry::on_losses_of(const losses_of& x) {
  auto promise = self_->make_response_promise<operator_answer>();
  std::uint64_t events = 0;
  for (const auto& each : members_)
    if (each.pid == x.pid)
      events += each.queue->dropped();
  insist([&] {
    promise.deliver(operator_answer{protocol::varlink::lost_reply(events)});
  });
  return promise;
}

requests_closed registry::on_close(const close_requests& x) {
  requests_closed result;
  for (const auto& request : x.requests)
    if_memory_allows([&] { // else it stays open
      if (const auto id = map_.close(x.container, request)) {
        ++result.count;
        announce_applied(x.container, *id, x.action, true);
      }
    });
  counters_.requests_closed += result.count;
  return result;
}

} // namespace clearance::actors
