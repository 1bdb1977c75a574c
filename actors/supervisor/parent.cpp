// Which actor watches which:
//
//   parent --monitors--> container --monitors--> hub, executor, gate
//     |
//     '--runs--> vault, signer: programs that are not ours
//
// The container's services run in this process. A delegated service is a child
// process; when it ends, it is started again after a delay, which doubles each
// time. SIGHUP is passed on to those that read their settings again. The end of
// the container ends everything: the delegated services get SIGTERM in reverse
// order, then the container's services are told to stop. What still runs after
// parent_stop_grace is killed.
//
// The container actor watches the container's first process by its pidfd. If
// the pid is not known, this actor runs `podman wait` and waits for its end. If
// that fails, `podman container exists` tells whether the container is gone or
// podman has a problem.

#include "actors/supervisor/parent.hpp"

#include "actors/base/error.hpp"
#include "protocol/supervisor/limits.hpp"
#include "protocol/text/text.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace clearance::actors {

namespace supervisor_limits = protocol::supervisor_limits;

namespace {

protocol::backoff restart_delays() {
  return protocol::backoff{{supervisor_limits::restart_delay,
                            supervisor_limits::restart_delay_max,
                            supervisor_limits::restart_forgiven_after}};
}

std::string in_milliseconds(protocol::duration x) {
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(x).count())
         + "ms";
}

} // namespace

parent::parent(self_type* self, parent_config config)
    : self_(self),
      config_(std::move(config)),
      container_delays_(restart_delays()),
      watch_delays_(restart_delays()) {
  for (auto& x : config_.delegates)
    delegates_.push_back({std::move(x), restart_delays(), nullptr, 0, {}, 0});
}

// The destructor ends the container also if this actor crashes, because no
// other actor knows it.
parent::~parent() {
  if (container_)
    caf::anon_send_exit(container_, caf::exit_reason::user_shutdown);
}

parent::interface::behavior_type parent::make_behavior() {
  self_->set_down_handler(
      [this](const caf::down_msg& x) { on_down(x.source, x.reason); });
  start_container();
  for (std::size_t i = 0; i < delegates_.size(); ++i)
    start_delegate(i);
  watch();
  return {
      [this](const container_state& x) { on_state(x); },
      [this](const service_child_ended& x) { on_child_ended(x); },
      [this](const restart_delegate& x) { on_restart(x.index); },
      [this](const restart_container&) { on_restart_container(); },
      [this](tick_atom) { on_tick(); },
      [this](stop_atom) { on_stop(); },
      [this](reload_atom) { on_reload(); },
      [this](late_atom) { on_late(); },
      [this](report_atom) { on_report(); },
  };
}

// -- the container's services -------------------------------------------------

void parent::start_container() {
  container_config config;
  config.io = config_.io;
  config.http = config_.http;
  config.containers = config_.containers;
  config.sidecar = config_.sidecar;
  config.around = config_.around;
  config.watcher = interface { self_ };
  config.share = config_.share;
  container_ = spawn_container(*config_.io, std::move(config));
  container_delays_.started(self_->clock().now());
  self_->monitor(container_);
}

void parent::on_state(const container_state& x) {
  const bool first = x.settled && !state_.settled;
  state_ = x;
  if (first)
    check_started();
}

// Called once. A service that fails later is started again.
void parent::check_started() {
  if (state_.serving || stopping_
      || std::any_of(delegates_.begin(), delegates_.end(),
                     [](const delegate& x) { return x.running != nullptr; }))
    return;
  self_->quit(make_error(errc::nothing_started,
                         "no service of the container could be started; the "
                         "lines before say why"));
}

void parent::on_restart_container() {
  if (!stopping_ && !container_)
    start_container();
}

void parent::on_down(const caf::actor_addr& who, const caf::error& why) {
  if (!container_ || container_.address() != who)
    return;
  container_ = nullptr;
  if (why && !stopping_) {
    const auto delay = container_delays_.ended(self_->clock().now());
    tell(severity::error,
         "the supervision of the container's services crashed and is started "
         "again",
         {}, what(why), in_milliseconds(delay));
    self_->delayed_send(self_, delay, restart_container{});
    return;
  }
  on_stop();
  end_if_done();
}

// -- delegated services -------------------------------------------------------

void parent::start_delegate(std::size_t index) {
  auto& x = delegates_[index];
  x.id = ++last_id_;
  auto result = config_.containers->run_service(
      x.id, x.what.argv, service_child_owner{interface{self_}},
      x.what.reloads ? at_hangup::wait : at_hangup::end);
  x.delays.started(self_->clock().now());
  if (!result.value)
    return delegate_failed(index, result.why);
  x.running = std::move(result.value);
  if (x.not_logged == 0)
    tell(severity::info, "started a delegated service", x.what.name);
}

// A service that cannot start would fill the log with two lines at each try.
void parent::delegate_failed(std::size_t index, std::string_view why) {
  auto& x = delegates_[index];
  x.running.reset();
  const auto now = self_->clock().now();
  const auto delay = x.delays.ended(now);
  if (now < x.silent_until) {
    ++x.not_logged;
  } else {
    const auto others = std::exchange(x.not_logged, 0);
    tell(severity::error, "a delegated service ended and is started again",
         x.what.name, why, in_milliseconds(delay),
         others > 0 ? std::to_string(others) : "");
    x.silent_until = now + supervisor_limits::delegate_log_interval;
  }
  self_->delayed_send(self_, delay, restart_delegate{index});
}

void parent::on_child_ended(const service_child_ended& x) {
  if (watch_ && x.id == watch_id_)
    return on_watch_ended(x);
  for (std::size_t i = 0; i < delegates_.size(); ++i) {
    auto& each = delegates_[i];
    if (!each.running || each.id != x.id)
      continue;
    if (!stopping_)
      return delegate_failed(i, x.why);
    each.running.reset();
    end_if_done();
  }
}

void parent::on_restart(std::size_t index) {
  if (!stopping_ && index < delegates_.size() && !delegates_[index].running)
    start_delegate(index);
}

// -- the container's end ------------------------------------------------------

void parent::watch() {
  if (config_.sidecar->init_pid || config_.waits.empty())
    return;
  watch_id_ = ++last_id_;
  auto result = config_.containers->run_service(
      watch_id_, asks_ ? config_.exists : config_.waits,
      service_child_owner{interface{self_}});
  watch_ = std::move(result.value);
  watch_delays_.started(self_->clock().now());
  if (!watch_)
    on_watch_ended({watch_id_, false, std::move(result.why)});
}

void parent::on_watch_ended(const service_child_ended& x) {
  watch_.reset();
  if (stopping_)
    return;
  const bool asked = std::exchange(asks_, false);
  if (asked ? x.why == "exit code 1" : x.clean) {
    tell(severity::info, "the container has ended");
    return on_stop();
  }
  if (!asked && !config_.exists.empty()) {
    asks_ = true;
    return watch();
  }
  const auto delay = watch_delays_.ended(self_->clock().now());
  tell(severity::warning,
       "the end of the container cannot be watched, trying again", {},
       asked && x.clean ? "`podman wait` failed, but the container exists"
                        : std::string_view{x.why},
       in_milliseconds(delay));
  self_->delayed_send(self_, delay, tick_atom::value);
}

void parent::on_tick() {
  if (!stopping_ && !watch_)
    watch();
}

void parent::on_stop() {
  if (std::exchange(stopping_, true))
    return;
  tell(severity::info, "stopping");
  watch_.reset();
  for (auto it = delegates_.rbegin(); it != delegates_.rend(); ++it)
    if (it->running)
      it->running->end();
  if (container_)
    self_->send(container_, stop_atom::value);
  self_->delayed_send(self_, supervisor_limits::parent_stop_grace,
                      late_atom::value);
  end_if_done();
}

// One that does not run now reads its settings when it is started again.
void parent::on_reload() {
  for (const auto& x : delegates_)
    if (x.what.reloads && x.running && !stopping_)
      x.running->reload();
}

// Dropping a child kills it. This actor's end ends the container.
void parent::on_late() {
  for (auto& x : delegates_)
    if (x.running) {
      tell(severity::warning,
           "a delegated service did not end in time and is killed",
           x.what.name);
      x.running.reset();
    }
  self_->quit();
}

void parent::end_if_done() {
  if (stopping_ && !container_
      && std::none_of(delegates_.begin(), delegates_.end(),
                      [](const delegate& x) { return x.running != nullptr; }))
    self_->quit();
}

void parent::on_report() const {
  const auto running =
      std::count_if(delegates_.begin(), delegates_.end(),
                    [](const delegate& x) { return x.running != nullptr; });
  log(severity::notice, name, "counters",
      {{"delegated", std::to_string(delegates_.size())},
       {"delegated_running", std::to_string(running)}});
  if (container_)
    self_->send(container_, report_atom::value);
}

void parent::tell(severity level, std::string_view text,
                  std::string_view service, std::string_view why,
                  std::string_view again_in,
                  std::string_view not_logged) const {
  log(level, name, text,
      {{"container", protocol::escaped(config_.sidecar->container_name)},
       {"service", service},
       {"why", why},
       {"again_in", again_in},
       {"not_logged", not_logged}});
}

parent_actor spawn_parent(io_host& io, parent_config config) {
  return spawn_hosted<parent>(io, std::move(config));
}

} // namespace clearance::actors
