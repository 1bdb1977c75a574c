// A verdict may only name an open request, which comes from an announced block:
//
//   announce --> add open requests --> send events --> batch_announced
//                      |                    ^
//   verdict --> check --> turn --> executor --> settle --> verdict_applied,
//                                                          outcome
//
// Verdicts on one target that disagree take turns; see registry_turns.cpp.
//
// The order is a security property. The open request exists before its event
// leaves, so a client that sees an event can name it at once. And
// `verdict_applied` is in every queue before the caller gets the outcome.
//
// Backpressure: a batch is held back if a subscriber that makes progress has no
// room for it in its queue and would not take it at once. It is held back until
// there is room, until that subscriber stops making progress, or until its
// reader's pause budget is used up. Meanwhile its reader is not read, because
// it waits for `batch_announced`. A batch that fits is never held back, so one
// flooding reader does not delay others. See protocol/hub/backpressure.hpp.
//
// Memory that is denied costs one block its open request, one subscriber some
// events, or one verdict; see actors/base/fault.hpp. Whoever waits for an
// answer gets one.

#include "actors/hub/registry.hpp"

#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "actors/hub/audit.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/base/log_limits.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <variant>

namespace clearance::actors {

namespace limits = protocol::limits;
using protocol::event_type;

registry::registry(self_type* self, registry_config config)
    : self_(self),
      executor_(std::move(config.executor)),
      hub_(std::move(config.hub)),
      audit_(std::move(config.audit)),
      map_(config.limits),
      executions_(limits::executor_deadline),
      shown_(show_counters(config.board, [this](protocol::counter_list& to) {
        add_counters(to);
      })) {
  // nop
}

registry::interface::behavior_type registry::make_behavior() {
  self_->link_to(hub_);
  self_->set_down_handler(
      [this](const caf::down_msg& x) { on_down(x.source); });
  return {
      [this](announce& x) { on_announce(x); },
      [this](const verdict& x) { return on_verdict(x); },
      [this](const subscribe& x) { on_subscribe(x); },
      [this](const replay& x) { return on_replay(x); },
      [this](const losses_of& x) { return on_losses_of(x); },
      [this](room_atom) { on_room(); },
      [this](tick_atom) { on_tick(); },
      [this](const attend& x) { on_attend(x); },
      [this](const actors::execute& x) { return on_execute(x); },
      [this](const close_requests& x) { return on_close(x); },
      [this](report_atom) { if_memory_allows([this] { on_report(); }); },
  };
}

// -- announcing ---------------------------------------------------------------

void registry::on_announce(announce& x) {
  auto now = self_->clock().now();
  auto from = caf::actor_cast<ingester_actor>(self_->current_sender());
  if (x.max_pause <= protocol::duration::zero() || fits(*x.events)) {
    announce_now(x, from, now, {});
    return;
  }
  hold_back(x, from, now);
}

void registry::hold_back(announce& x, const ingester_actor& from,
                         protocol::time_point now) {
  try {
    held_.emplace_back();
  } catch (const std::exception&) {
    announce_now(x, from, now, {});
    return;
  }
  held_.back() = {std::move(x), from, now};
  ++counters_.held_back;
  watch_clock(now);
}

bool registry::fits(const event_batch& events) {
  bool result = true;
  for (auto& x : members_) {
    if (protocol::holds_up(x.queue->level(), events.size(), events.bytes())) {
      x.queue->want_room();
      result = false;
    }
  }
  return result;
}

void registry::announce_now(const announce& x, const ingester_actor& from,
                            protocol::time_point now,
                            protocol::duration waited) {
  if (news_)
    news_->begin(x.events->size());
  bind_all(*x.events, now);
  fan_out(x.events);
  if (news_) {
    news_->end(x.events, members_.size(), now);
    wake_operators();
  }
  const batch_announced answer{x.reader, waited, calm(),
                               protocol::batch_max_events(members_.size())};
  insist([&] { self_->send(from, answer); });
}

bool registry::calm() const {
  return std::all_of(members_.begin(), members_.end(), [](const member& x) {
    return protocol::calm(x.queue->level());
  });
}

namespace {

protocol::coming_block coming_of(const announced_event& x) {
  if (x.type() != event_type::connection_blocked)
    return {};
  return {x.container(), x.request_id()};
}

} // namespace

void registry::bind_all(const event_batch& events, protocol::time_point now) {
  for (std::size_t begin = 0; begin < events.size(); begin += coming_.size()) {
    const auto count = std::min(events.size() - begin, coming_.size());
    const auto coming = std::span{coming_}.first(count);
    for (std::size_t i = 0; i < count; ++i)
      coming[i] = coming_of(*events.at(begin + i));
    for (std::size_t i = 0; i < count; ++i) {
      map_.look_ahead(coming.subspan(i));
      const auto bound = bind(events.at(begin + i), coming[i], now);
      if (news_)
        news_->note(bound);
    }
  }
}

protocol::bound_request registry::bind(const event_ptr& x,
                                       protocol::coming_block& coming,
                                       protocol::time_point now) {
  ++counters_.events;
  switch (x->type()) {
  case event_type::connection_blocked:
    if (const auto n = map_.announce(coming, x->target(), x); n > 0)
      on_evicted(x->container(), n, now);
    return map_.last_bound();
  case event_type::container_exited:
  case event_type::shield_down:
  case event_type::shield_disengaged:
    map_.drop(x->container());
    break;
  case event_type::container_started:
  case event_type::shield_up:
  case event_type::verdict_applied:
    break;
  }
  return {};
}

// In a burst each block may evict one: the log says so once a minute.
void registry::on_evicted(std::string_view container, std::size_t requests,
                          protocol::time_point now) {
  evictions_untold_ += requests;
  if (evictions_told_
      && now - *evictions_told_ < protocol::log_limits::eviction_reminder)
    return;
  evictions_told_ = now;
  const auto denied = std::exchange(without_memory_told_, map_.without_memory())
                      != map_.without_memory();
  const auto all = std::exchange(evictions_untold_, 0);
  if_memory_allows([&] {
    log(severity::warning, name,
        denied ? "out of memory for a container's open request: nobody can "
                 "answer its block"
               : "a container has too many open requests: its oldest was "
                 "removed",
        {{"container", protocol::escaped(container)},
         {"removed", std::to_string(all)}});
  });
}

void registry::fan_out(const event_batch_ptr& events) {
  if (members_.empty())
    return;
  caf::message message;
  try {
    insist([&] { message = caf::make_message(announced{events}); });
  } catch (const std::exception&) {
    for (auto& x : members_)
      lose(x, events->size());
    return;
  }
  for (auto& x : members_) {
    try {
      insist([&] {
        caf::actor_cast<caf::abstract_actor*>(x.handle)->enqueue(
            self_->ctrl(), caf::make_message_id(), message, self_->context());
      });
    } catch (const std::exception&) {
      lose(x, events->size());
    }
  }
}

// Memory was denied twice to events for this subscriber.
void registry::lose(const member& x, std::size_t events) {
  x.queue->add_dropped(events);
  if (losses_.allow(self_->clock().now()))
    if_memory_allows([&] {
      log(severity::warning, name,
          "out of memory for events: a subscriber loses them",
          {{"events", std::to_string(events)}});
    });
}

// -- holding back -------------------------------------------------------------

void registry::on_room() {
  announce_what_fits(self_->clock().now(), protocol::time_point::min());
}

// A subscriber is given up only after a second look, and only if that look
// comes on time. If it is late, our own process was not running; then its
// sockets have news that no handler has seen yet, and the subscribers are not
// to blame.
void registry::on_tick() {
  auto now = self_->clock().now();
  watch_executions(now);
  if (now < next_tick_)
    return;
  auto late = now - next_tick_ >= limits::subscriber_second_look;
  next_tick_ = protocol::time_point::max();
  if (!look_ || late) {
    look_ = now;
    watch_clock(now);
    return;
  }
  look_.reset();
  for (auto& x : members_) {
    auto level = x.queue->level();
    if (protocol::busy(level) && protocol::progress_deadline(level) <= now)
      x.queue->found_stuck();
  }
  announce_what_fits(now, now);
}

// Also announces every batch whose time ends at `due` or before, whether it
// fits or not.
void registry::announce_what_fits(protocol::time_point now,
                                  protocol::time_point due) {
  auto goes = [&](const held_batch& x) {
    if (!fits(*x.what.events)) {
      if (x.deadline() > due)
        return false;
      ++counters_.gave_up_waiting;
    }
    announce_now(x.what, x.from, now, now - x.since);
    return true;
  };
  // Announcing one batch changes what fits. Each held batch is tried once,
  // oldest first.
  std::erase_if(held_, goes);
  watch_clock(now);
}

// Sets a timer shortly before the first moment at which a batch is released
// because of its age alone, and one at that moment. Earlier timers are not
// cancelled: their ticks come too early and do nothing.
void registry::watch_clock(protocol::time_point now) {
  if (held_.empty()) {
    look_.reset();
    return;
  }
  auto due = protocol::time_point::max();
  for (auto& x : held_)
    due = std::min(due, x.deadline());
  for (auto& x : members_)
    if (auto level = x.queue->level(); !level.stuck && protocol::busy(level))
      due = std::min(due, protocol::progress_deadline(level));
  constexpr auto apart = limits::subscriber_second_look;
  if (!look_ && due - apart <= now)
    look_ = now;
  auto at = look_ ? std::max(due, *look_ + apart) : due - apart;
  if (at >= next_tick_)
    return;
  insist([&] { self_->delayed_send(self_, at - now, tick_atom::value); });
  next_tick_ = at;
}

// -- verdicts -----------------------------------------------------------------

namespace {

std::string_view reason_of(const protocol::verdict_outcome& x) {
  using kind = protocol::verdict_outcome::kind;
  switch (x.what) {
  case kind::invalid_action:
    return "InvalidAction";
  case kind::unknown_request:
    return "UnknownRequest";
  case kind::verdict_tuple_mismatch:
    return "VerdictTupleMismatch";
  case kind::ok:
  case kind::shield_cli_failed:
    break;
  }
  return {};
}

audited audit_of(const verdict& x) {
  return {registry::name, x.action, x.container, x.request_id,
          x.dest,         x.who,    x.rule};
}

protocol::verdict_outcome failed(std::string_view action,
                                 std::string_view stderr_text) {
  return {protocol::verdict_outcome::kind::shield_cli_failed,
          {std::string{action}, std::string{stderr_text}}};
}

} // namespace

log_limiter& registry::denials_of(const verdict& x) {
  return x.denials ? *x.denials : denials_;
}

registry::verdict_promise registry::on_verdict(const verdict& x) {
  auto promise = self_->make_response_promise<protocol::verdict_outcome>();
  try {
    auto result = map_.cite(x.container, x.request_id, x.dest, x.action);
    if (auto why = std::get_if<protocol::verdict_outcome>(&result)) {
      refuse(x, *why);
      insist([&] { promise.deliver(*why); });
    } else {
      execute(x, std::get<protocol::authorisation_map::cited>(result), promise);
    }
  } catch (const std::exception& fault) { // of cite(): nothing has changed
    insist([&] { promise.deliver(failed(x.action, fault_text(fault))); });
  }
  return promise;
}

void registry::refuse(const verdict& x, const protocol::verdict_outcome& why) {
  ++counters_.verdicts_refused;
  if_memory_allows([&] {
    audit_denied("verdict refused", audit_of(x), {"why", reason_of(why)},
                 denials_of(x), self_->clock().now());
  });
  record_refusal(x, reason_of(why));
}

void registry::settled(const verdict& x,
                       const protocol::authorisation_map::cited& what,
                       const protocol::shield_outcome& result,
                       verdict_promise promise) {
  conclude(x, what, result);
  if (news_)
    tell_executed(x, what, result);
  insist([&] {
    promise.deliver(
        result.ok ? protocol::verdict_outcome{}
                  : failed(to_string(what.call.action), result.stderr_text));
  });
}

void registry::conclude(const verdict& x,
                        const protocol::authorisation_map::cited& what,
                        const protocol::shield_outcome& result) {
  map_.settle(what.id, result.ok);
  ++(result.ok ? counters_.verdicts_ok : counters_.verdicts_failed);
  if (result.ok)
    insist([&] { audit_applied(audit_of(x)); });
  else
    if_memory_allows([&] {
      audit_denied(
          "verdict failed", audit_of(x),
          {"stderr", protocol::escaped(result.stderr_text,
                                       limits::shield_stderr_max_bytes)},
          denials_of(x), self_->clock().now());
    });
  record_result(x, what, result);
  announce_applied(what.call.container, x.request_id, what.call.action,
                   result.ok);
}

void registry::announce_applied(const std::string& container,
                                const std::string& request_id,
                                protocol::action action, bool ok) {
  event_batch_ptr events;
  try {
    insist([&] {
      protocol::event applied;
      applied.type = event_type::verdict_applied;
      applied.container = container;
      applied.request_id = request_id;
      applied.action = to_string(action);
      applied.ok = ok;
      events = std::make_shared<const event_batch>(
          std::vector<event_ptr>{make_event(applied)});
    });
  } catch (const std::exception&) {
    for (auto& y : members_)
      lose(y, 1);
    return;
  }
  fan_out(events);
}

// -- subscribers --------------------------------------------------------------

namespace {

replay_page failed_page() {
  replay_page result;
  result.failed = true;
  return result;
}

} // namespace

void registry::on_subscribe(const subscribe& x) try {
  members_.push_back({x.from, x.queue, x.pid});
  self_->monitor(x.from);
  self_->send(x.from, page_of({0, map_.sequence()}));
} catch (const std::exception&) {
  remove(x.from.address());
  insist([&] { self_->send(x.from, failed_page()); });
}

registry::page_promise registry::on_replay(const replay& x) {
  auto promise = self_->make_response_promise<replay_page>();
  try {
    promise.deliver(page_of(x));
  } catch (const std::exception&) {
    insist([&] { promise.deliver(failed_page()); });
  }
  return promise;
}

replay_page registry::page_of(const replay& x) {
  auto y =
      map_.next_page(x.cursor, x.until, limits::subscriber_batch_max_events,
                     limits::subscriber_batch_max_bytes);
  replay_page result;
  result.events.reserve(y.events.size());
  for (auto& event : y.events)
    result.events.push_back(
        std::static_pointer_cast<const announced_event>(event));
  result.cursor = y.cursor;
  result.until = x.until;
  result.done = y.done;
  return result;
}

void registry::remove(const caf::actor_addr& who) {
  std::erase_if(members_, [&](const member& x) {
    if (x.handle.address() != who)
      return false;
    counters_.lost_by_the_gone += x.queue->dropped();
    return true;
  });
}

void registry::on_down(const caf::actor_addr& who) {
  remove(who);
  on_room();
}

registry_actor spawn_registry(io_host& io, registry_config config) {
  return spawn_hosted<registry>(io, std::move(config));
}

} // namespace clearance::actors
