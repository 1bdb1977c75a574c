// The prompts' part of `Watch`: one feed for each client.
//
// A client pulls: it asks for the next changes when its socket has taken the
// last ones. Until it asks, the feed merges what happens. One timer wakes the
// actor when a feed or the table has something that was held back.

#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "actors/operator/operator_session.hpp"
#include "actors/operator/prompts.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace clearance::actors {

namespace operator_limits = protocol::operator_limits;

void prompts::on_watching(const watching& x) try {
  catch_up();
  watchers_.emplace_back();
  try {
    begin_watching(watchers_.back(), x);
  } catch (const std::exception&) {
    if (watchers_.back().feed)
      table_.remove(*watchers_.back().feed);
    watchers_.pop_back();
    throw;
  }
  set_eager();
  ask_shield();
  if_memory_allows([&] {
    note_operator(protocol::audit_event::operator_came, watchers_.back());
    const auto& who = x.connection->who();
    log(severity::info, name, "an operator's client watches",
        {{"pid", std::to_string(who.pid)},
         {"command", who.command},
         {"name", protocol::escaped(watchers_.back().who.name)}});
    tell_hub();
  });
  serve();
} catch (const std::exception& fault) {
  report_closed(name, x.connection->who().pid, fault);
  x.connection->close();
}

void prompts::begin_watching(watcher& added, const watching& x) {
  added.who = decider_of(x.connection->who(), x.call.name);
  added.attends = x.call.attends;
  added.feed = std::make_unique<protocol::prompt_feed>(table_, shield_);
  added.sent_at = self_->clock().now();
  table_.add(*added.feed);
  added.handle = spawn_operator_session(
      *config_.io,
      operator_session_config{prompts_actor{self_}, x.connection, x.place});
  self_->monitor(added.handle);
}

void prompts::on_pull(const pull& x) {
  for (auto& each : watchers_)
    if (each.handle == x.from) {
      const auto at = self_->clock().now();
      each.wants = true;
      each.feed->resume(at - each.sent_at);
      serve(each, at);
    }
}

void prompts::on_down(const caf::actor_addr& who) {
  const auto left =
      std::find_if(watchers_.begin(), watchers_.end(),
                   [&](const auto& x) { return x.handle.address() == who; });
  if (left == watchers_.end())
    return;
  catch_up();
  is_unattended(self_->clock().now()); // it attended until now
  if_memory_allows(
      [&] { note_operator(protocol::audit_event::operator_went, *left); });
  table_.remove(*left->feed);
  watchers_.erase(left);
  set_eager();
  if_memory_allows([this] { tell_hub(); });
  serve();
}

// Whether somebody wants to know of each batch.
void prompts::set_eager() {
  box_->be_eager(!watchers_.empty() || news_.is_on);
}

void prompts::tell_hub() {
  protocol::hub_state hub;
  hub.id = config_.id;
  hub.version = CLEARANCE_VERSION;
  hub.since = since_;
  hub.containers = table_.containers();
  hub.waiting = table_.open();
  hub.operators = watchers_.size();
  if (shield_.seconds)
    hub.scopes.emplace_back("seconds");
  hub.policy = policy_state_;
  hub.audit = audit_state_;
  for (auto& x : watchers_)
    x.feed->set(hub);
}

void prompts::serve() {
  const auto at = self_->clock().now();
  for (auto& x : watchers_)
    serve(x, at);
  insist([&] { wake_at(table_.next_expiry(), at); });
}

// If memory is denied the client gets a fresh snapshot: at once, or a little
// later.
void prompts::serve(watcher& x, protocol::time_point at) {
  if (!x.wants)
    return;
  for (int i = 0; i < 2; ++i) {
    try {
      serve_once(x, at);
      return;
    } catch (const std::bad_alloc&) {
      x.feed->restart();
    }
  }
  insist([&] { wake_at(at + operator_limits::prompt_interval, at); });
}

void prompts::serve_once(watcher& x, protocol::time_point at) {
  auto bytes = std::make_shared<std::string>();
  while (bytes->size() < operator_limits::watch_write_max_bytes
         && x.feed->write(at, *bytes)) {
    // nop: write() appends one reply
  }
  if (bytes->empty())
    return wake_at(x.feed->due(at), at);
  self_->send(x.handle, changes{std::move(bytes)});
  x.wants = false;
  x.sent_at = at;
}

// Earlier timers are not cancelled: their ticks come too early and do nothing.
void prompts::wake_at(protocol::time_point at, protocol::time_point now) {
  if (at >= next_tick_)
    return;
  self_->delayed_send(self_, std::max(at - now, protocol::duration::zero()),
                      tick_atom::value);
  next_tick_ = at;
}

void prompts::on_tick() {
  if (self_->clock().now() < next_tick_)
    return;
  next_tick_ = protocol::time_point::max();
  catch_up();
  table_.expire(now());
  allow_automatically();
  look_at_past(self_->clock().now());
  expire_requests(self_->clock().now());
  serve();
  remind_of_policy();
}

} // namespace clearance::actors
