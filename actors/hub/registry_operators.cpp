// What the registry tells the operators, and what they ask of it.
//
// News of a batch are collected while it is announced and sent once, behind its
// events. If memory is denied to them the operators miss blocks or ends of open
// requests; what they then ask to execute is found to be gone, and no event is
// lost to anybody else.

#include "actors/base/fault.hpp"
#include "actors/hub/registry.hpp"
#include "protocol/base/limits.hpp"

#include <exception>
#include <string>
#include <utility>
#include <variant>

namespace clearance::actors {

// A hub without operators does not pay for what they are told.
void registry::on_attend(const attend& x) {
  operators_ = x.from;
  map_.watch_evictions([this](std::string_view id, std::uint64_t generation) {
    note_eviction(id, generation);
  });
}

void registry::note_generation(std::uint64_t generation) {
  if_memory_allows([&] { news_.generations.push_back(generation); });
}

void registry::note_eviction(std::string_view request_id,
                             std::uint64_t generation) {
  if_memory_allows([&] {
    news_.evicted.push_back(
        {news_.generations.size(), {std::string{request_id}, generation}});
  });
}

void registry::tell_news(const event_batch_ptr& events) {
  auto news = std::exchange(news_, {});
  if (news.generations.size() != events->size())
    return; // memory was denied: it is not known which is whose
  news.events = events;
  news.subscribers = members_.size();
  if_memory_allows([&] { self_->send(operators_, std::move(news)); });
}

void registry::tell_executed(const verdict& x,
                             const protocol::authorisation_map::cited& what,
                             const protocol::shield_outcome& result) {
  if_memory_allows([&] {
    self_->send(operators_, verdict_executed{what.call.container,
                                             {x.request_id, what.generation},
                                             what.call.action,
                                             result,
                                             x.who});
  });
}

registry::execute_promise registry::on_execute(const actors::execute& x) {
  using how = protocol::prompt_table::execution;
  using map = protocol::authorisation_map;
  auto promise = self_->make_response_promise<executed>();
  auto answer = [promise](how what, std::string why) {
    auto to = promise;
    to.deliver(executed{what, std::move(why)});
  };
  try {
    auto result = map_.cite(x.container, x.request, x.action);
    if (auto* why = std::get_if<map::uncitable>(&result)) {
      if (*why == map::uncitable::gone)
        answer(how::changed, {});
      else
        answer(how::failed,
               "another verdict on this request is being executed");
      return promise;
    }
    const auto& what = std::get<map::cited>(result);
    const verdict as_verdict{x.container,    x.request.request_id,
                             what.call.dest, std::string{to_string(x.action)},
                             x.by,           nullptr,
                             x.rule,         x.made};
    run(as_verdict, what,
        [this, as_verdict, what, answer](const protocol::shield_outcome& y) {
          conclude(as_verdict, what, y);
          answer(y.ok ? how::applied : how::failed, y.stderr_text);
        });
  } catch (const std::exception& fault) { // of cite(): nothing has changed
    answer(how::failed, std::string{fault_text(fault)});
  }
  return promise;
}

requests_closed registry::on_close(const close_requests& x) {
  requests_closed result;
  for (const auto& request : x.requests)
    if (map_.close(x.container, request)) {
      ++result.count;
      announce_applied(x.container, request.request_id, x.action, true);
    }
  counters_.requests_closed += result.count;
  return result;
}

} // namespace clearance::actors
