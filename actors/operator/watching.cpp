// The prompts' part of `Watch`: one feed for each client.
//
// A client pulls: it asks for the next changes when its socket has taken the
// last ones. Until it asks, the feed merges what happens. One timer wakes the
// actor when a feed or the table has something that was held back.

#include "actors/base/log.hpp"
#include "actors/operator/operator_session.hpp"
#include "actors/operator/prompts.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace clearance::actors {

namespace operator_limits = protocol::operator_limits;

void prompts::on_watching(const watching& x) {
  auto handle = spawn_operator_session(
      *config_.io,
      operator_session_config{prompts_actor{self_}, x.connection, x.place});
  self_->monitor(handle);
  watcher added;
  added.handle = handle;
  added.feed = std::make_unique<protocol::prompt_feed>(table_, shield_);
  added.attends = x.call.attends;
  added.who = decider_of(x.connection->who(), x.call.name);
  table_.add(*added.feed);
  watchers_.push_back(std::move(added));
  const auto& who = x.connection->who();
  note_operator(protocol::audit_event::operator_came, watchers_.back());
  log(severity::info, name, "an operator's client watches",
      {{"pid", std::to_string(who.pid)},
       {"command", who.command},
       {"name", protocol::escaped(watchers_.back().who.name)}});
  tell_hub();
  serve();
}

void prompts::on_pull(const pull& x) {
  for (auto& each : watchers_)
    if (each.handle == x.from) {
      each.wants = true;
      serve(each, self_->clock().now());
    }
}

void prompts::on_down(const caf::actor_addr& who) {
  const auto left =
      std::find_if(watchers_.begin(), watchers_.end(),
                   [&](const auto& x) { return x.handle.address() == who; });
  if (left == watchers_.end())
    return;
  is_unattended(self_->clock().now()); // it attended until now
  note_operator(protocol::audit_event::operator_went, *left);
  table_.remove(*left->feed);
  watchers_.erase(left);
  tell_hub();
  serve();
}

void prompts::tell_hub() {
  protocol::hub_state hub;
  hub.id = config_.id;
  hub.version = CLEARANCE_VERSION;
  hub.since = since_;
  hub.containers = table_.containers();
  hub.waiting = table_.open();
  hub.operators = watchers_.size();
  hub.policy = policy_state_;
  hub.audit = audit_state_;
  for (auto& x : watchers_)
    x.feed->set(hub);
}

void prompts::serve() {
  const auto at = self_->clock().now();
  for (auto& x : watchers_)
    serve(x, at);
  wake_at(table_.next_expiry(), at);
}

void prompts::serve(watcher& x, protocol::time_point at) {
  if (!x.wants)
    return;
  auto bytes = std::make_shared<std::string>();
  while (bytes->size() < operator_limits::watch_write_max_bytes
         && x.feed->write(at, *bytes)) {
    // nop: write() appends one reply
  }
  if (bytes->empty())
    return wake_at(x.feed->due(at), at);
  x.wants = false;
  self_->send(x.handle, changes{std::move(bytes)});
}

// Earlier timers are not cancelled: their ticks come too early and do nothing.
void prompts::wake_at(protocol::time_point at, protocol::time_point now) {
  if (at >= next_tick_)
    return;
  next_tick_ = at;
  self_->delayed_send(self_, std::max(at - now, protocol::duration::zero()),
                      tick_atom::value);
}

void prompts::on_tick() {
  if (self_->clock().now() < next_tick_)
    return;
  next_tick_ = protocol::time_point::max();
  table_.expire(now());
  allow_automatically();
  serve();
}

} // namespace clearance::actors
