//   listener --requested--> gate --spawns--> git request --> request
//   (actors/io)
//                            ^                    |
//                            '-- ask_slot, slow --'
//
// The gate counts git requests and does not look into them. A git request has
// its slot until its actor ends. So no message gives a slot back, and a git
// request that crashes keeps none.

#include "actors/gate/gate.hpp"

#include "actors/base/log.hpp"
#include "actors/gate/git_request.hpp"
#include "actors/gate/upkeep.hpp"
#include "protocol/gate/limits.hpp"

#include <caf/exit_reason.hpp>

#include <algorithm>
#include <utility>

namespace clearance::actors {

namespace gate_limits = protocol::gate_limits;

gate::gate(self_type* self, gate_config config)
    : self_(self),
      config_(std::move(config)),
      backend_(std::make_shared<const backend_config>(config_.backend)),
      shown_(show_counters(config_.board, [this](protocol::counter_list& to) {
        add_counters(to);
      })) {
  find_sharers();
}

gate::interface::behavior_type gate::make_behavior() {
  self_->set_down_handler(
      [this](const caf::down_msg& x) { on_down(x.source); });
  if (listen()) {
    log(severity::info, name, "serving",
        {{"at", listener_->where()}, {"sandbox", config_.sandbox}});
    tell_manager();
    start_upkeep();
  }
  return {
      [this](const requested& x) { on_requested(x); },
      [this](const malformed_request& x) { on_malformed(x); },
      [this](const ask_slot& x) { on_ask_slot(x); },
      [this](slow_atom) { return on_slow(); },
      [this](tick_atom) { on_tick(); },
      [this](const new_grants& x) { on_grants(x); },
      [this](stop_atom) { on_stop(); },
      [this](late_atom) { self_->quit(caf::exit_reason::user_shutdown); },
      [this](report_atom) { on_report(); },
  };
}

bool gate::listen() {
  auto result = config_.http->listen_http(config_.listen, interface{self_});
  if (result)
    listener_ = std::move(*result);
  else
    self_->quit(result.error());
  return listener_ != nullptr;
}

// Without hooks there are no backups, so no upkeep is needed.
void gate::start_upkeep() {
  if (config_.upkeep.program.empty()
      || config_.backend.cgi.hooks_path == protocol::no_hooks)
    return;
  upkeep_ =
      spawn_upkeep(*config_.io, {config_.io, config_.upkeep, config_.grants});
  self_->link_to(upkeep_);
  self_->monitor(upkeep_);
}

void gate::tell_upkeep() {
  const bool idle = running_.empty();
  if (!upkeep_ || std::exchange(idle_, idle) == idle)
    return;
  if (idle && std::exchange(pushed_, false))
    self_->send(upkeep_, pushed_atom::value);
  self_->send(upkeep_, idle_atom::value, idle);
}

void gate::tell_manager() {
  if (!config_.manager)
    return;
  const auto n = config_.grants->size();
  self_->send(config_.manager,
              service_state{name, true,
                            std::to_string(n) + (n == 1 ? " grant" : " grants")
                                + "; clients at " + listener_->where()});
}

// -- requests -----------------------------------------------------------------

// A request that comes while the gate stops was already on its way. It is
// served if that takes no longer than stop_grace.
void gate::on_requested(const requested& x) {
  ++counters_.requests;
  git_request_config config;
  config.request = x.value;
  config.gate = interface { self_ };
  config.grants = config_.grants;
  config.shared = shared_;
  config.backend = backend_;
  config.complaints = complaints_;
  config.traffic = traffic_;
  auto next = spawn_git_request(*config_.io, std::move(config));
  self_->monitor(next);
  git_requests_.insert(next.address());
}

void gate::on_malformed(const malformed_request& x) {
  ++counters_.malformed;
  if (!malformed_.allow(self_->clock().now()))
    return;
  const auto withheld = malformed_.take_withheld();
  log(severity::warning, name, "refused a malformed request",
      {{"status", std::to_string(x.status)},
       {"why", x.why},
       {"pid", std::to_string(x.who.pid)},
       {"command", x.who.command},
       {"not_logged", withheld > 0 ? std::to_string(withheld) : ""}});
}

void gate::on_down(const caf::actor_addr& who) {
  if (upkeep_ && upkeep_.address() == who)
    upkeep_ = nullptr;
  git_requests_.erase(who);
  waiting_.erase(
      std::remove_if(waiting_.begin(), waiting_.end(),
                     [&](const waiting& x) { return x.who.address() == who; }),
      waiting_.end());
  if (running_.erase(who) > 0) {
    grant_next();
    tell_upkeep();
  }
  end_if_done();
}

// -- slots --------------------------------------------------------------------

// If there is only one token, its requests share the slots with nobody.
void gate::find_sharers() {
  shared_ = config_.grants
            && std::any_of(config_.grants->begin(), config_.grants->end(),
                           [&](const auto& x) {
                             return x.token != config_.grants->front().token;
                           });
}

bool gate::share_is_used(const protocol::sha256_digest& token) const {
  const auto count =
      std::count_if(running_.begin(), running_.end(),
                    [&](const auto& x) { return x.second == token; });
  const auto share = std::max<std::size_t>(
      1, config_.backends_max / gate_limits::token_share_divisor);
  return shared_ && static_cast<std::size_t>(count) >= share;
}

bool gate::waits_enough(const protocol::sha256_digest& token) const {
  const auto count =
      std::count_if(waiting_.begin(), waiting_.end(),
                    [&](const auto& x) { return x.token == token; });
  constexpr auto share =
      gate_limits::backends_waiting_max / gate_limits::token_share_divisor;
  return shared_ && static_cast<std::size_t>(count) >= share;
}

void gate::on_ask_slot(const ask_slot& x) {
  pushed_ = pushed_ || x.pushes;
  const bool used = share_is_used(x.token);
  if (!used && running_.size() < config_.backends_max)
    return grant(x.who, x.token);
  if (waits_enough(x.token))
    return turn_away(x.who, 429);
  if (waiting_.size() >= gate_limits::backends_waiting_max)
    return turn_away(x.who, used ? 429 : 503);
  const auto now = self_->clock().now();
  if (waiting_.empty())
    press_at_ = now + gate_limits::crowd_interval;
  waiting_.push_back({x.who, x.token, now + gate_limits::backend_wait_max});
  watch_clock();
}

void gate::grant(const git_request_actor& who,
                 const protocol::sha256_digest& token) {
  running_.emplace(who.address(), token);
  tell_upkeep();
  self_->send(who, slot_atom::value, 0);
}

void gate::turn_away(const git_request_actor& who, int status) {
  ++(status == 429 ? counters_.over_share : counters_.turned_away);
  self_->send(who, slot_atom::value, status);
}

void gate::grant_next() {
  while (running_.size() < config_.backends_max) {
    const auto next =
        std::find_if(waiting_.begin(), waiting_.end(),
                     [&](const auto& x) { return !share_is_used(x.token); });
    if (next == waiting_.end())
      return;
    grant(next->who, next->token);
    waiting_.erase(next);
  }
}

// Tells running requests that another one waits for their slot. If the gate is
// full that is each of them, else those whose token has its share.
void gate::press() {
  const bool full = running_.size() >= config_.backends_max;
  for (const auto& [who, token] : running_) {
    const bool wanted = full
                        || std::any_of(waiting_.begin(), waiting_.end(),
                                       [&mine = token](const auto& x) {
                                         return x.token == mine;
                                       });
    if (auto request = caf::actor_cast<git_request_actor>(who);
        request && wanted)
      self_->send(request, crowded_atom::value);
  }
}

// -- wrong tokens -------------------------------------------------------------

gate::slow_promise gate::on_slow() {
  ++counters_.wrong_tokens;
  auto promise = self_->make_response_promise<slow_atom>();
  if (slowed_.size() < gate_limits::auth_failures_slowed_max) {
    slowed_.push_back(
        {promise, self_->clock().now() + gate_limits::auth_failure_delay});
    watch_clock();
  } else {
    ++counters_.not_slowed;
    promise.deliver(slow_atom::value);
  }
  return promise;
}

// -- the clock ----------------------------------------------------------------

void gate::on_tick() {
  tick_pending_ = false;
  const auto now = self_->clock().now();
  while (!slowed_.empty() && slowed_.front().until <= now) {
    slowed_.front().promise.deliver(slow_atom::value);
    slowed_.pop_front();
  }
  while (!waiting_.empty() && waiting_.front().until <= now) {
    const auto& late = waiting_.front();
    turn_away(late.who, share_is_used(late.token) ? 429 : 503);
    waiting_.pop_front();
  }
  if (!waiting_.empty() && press_at_ <= now) {
    press();
    press_at_ = now + gate_limits::crowd_interval;
  }
  watch_clock();
}

// Usually one tick is on its way. A second one is sent only if something is due
// earlier than the first.
void gate::watch_clock() {
  auto due = time_point::max();
  if (!slowed_.empty())
    due = std::min(due, slowed_.front().until);
  if (!waiting_.empty())
    due = std::min({due, waiting_.front().until, press_at_});
  if (due == time_point::max() || (tick_pending_ && tick_at_ <= due))
    return;
  tick_pending_ = true;
  tick_at_ = due;
  self_->delayed_send(self_, due - self_->clock().now(), tick_atom::value);
}

void gate::on_grants(const new_grants& x) {
  config_.grants = x.value;
  find_sharers();
  grant_next();
  if (upkeep_)
    self_->send(upkeep_, x);
  log(severity::info, name, "the grants are new",
      {{"grants", std::to_string(config_.grants->size())}});
  if (listener_)
    tell_manager();
}

// -- stopping -----------------------------------------------------------------

void gate::on_stop() {
  if (std::exchange(stopping_, true))
    return;
  listener_.reset();
  log(severity::info, name, "stopping",
      {{"requests", std::to_string(git_requests_.size())}});
  self_->delayed_send(self_, gate_limits::stop_grace, late_atom::value);
  if (upkeep_)
    self_->send(upkeep_, stop_atom::value);
  end_if_done();
}

void gate::end_if_done() {
  if (stopping_ && git_requests_.empty() && !upkeep_)
    self_->quit();
}

void gate::on_report() const {
  protocol::counter_list all;
  add_counters(all);
  log_counters(name, all);
}

void gate::add_counters(protocol::counter_list& to) const {
  const auto add = [&to](std::string_view what, std::uint64_t value) {
    to.push_back({name, what, value});
  };
  add("requests", counters_.requests);
  add("malformed", counters_.malformed);
  add("turned_away", counters_.turned_away);
  add("over_share", counters_.over_share);
  add("wrong_tokens", counters_.wrong_tokens);
  add("wrong_tokens_not_slowed", counters_.not_slowed);
  add("running", running_.size());
  add("waiting", waiting_.size());
  add("answered_2xx", traffic_->by_class[0]);
  add("answered_3xx", traffic_->by_class[1]);
  add("answered_4xx", traffic_->by_class[2]);
  add("answered_5xx", traffic_->by_class[3]);
  add("left", traffic_->left);
  add("bytes_received", traffic_->received);
  add("bytes_sent", traffic_->sent);
}

gate_actor spawn_gate(io_host& io, gate_config config) {
  return spawn_hosted<gate>(io, std::move(config));
}

} // namespace clearance::actors
