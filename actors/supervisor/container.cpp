// Which actor watches which:
//
//   supervisor --monitors--> container --monitors--> hub, executor, gate
//
// No actors are linked. A part that ends is started again after a delay, which
// doubles each time. The other parts go on: the container itself is the hub's
// executor, and passes each call to the executor that runs at the moment. So a
// hub keeps its open requests when its executor crashes, and git goes on when
// the hub crashes.

#include "actors/supervisor/container.hpp"

#include "actors/base/error.hpp"
#include "actors/executor/shield_executor.hpp"
#include "actors/hub/verdict_helper.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/supervisor/path_fault.hpp"
#include "protocol/text/text.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace clearance::actors {

namespace supervisor_limits = protocol::supervisor_limits;
using protocol::shield_outcome;

namespace {

constexpr std::array all_parts{container_part::executor, container_part::hub,
                               container_part::gate};

std::string_view to_string(container_part x) noexcept {
  switch (x) {
  case container_part::executor:
    return "executor";
  case container_part::hub:
    return "hub";
  case container_part::gate:
    break;
  }
  return "gate";
}

std::string directory_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

protocol::backoff delays() {
  return protocol::backoff{{supervisor_limits::restart_delay,
                            supervisor_limits::restart_delay_max,
                            supervisor_limits::restart_forgiven_after}};
}

} // namespace

container::container(self_type* self, container_config config)
    : self_(self),
      config_(std::move(config)),
      paths_(paths_of(*config_.sidecar, config_.sidecar->container_id)),
      id_(protocol::short_id(config_.sidecar->container_id)),
      gate_fault_(gate_fault_of(*config_.sidecar, paths_)),
      parts_{part{nullptr, delays()}, part{nullptr, delays()},
             part{nullptr, delays()}} {
  // nop
}

// The destructor ends the parts also if this actor crashes, because no other
// actor knows them.
container::~container() {
  for (auto& x : parts_)
    if (x.running)
      caf::anon_send_exit(caf::actor_cast<caf::actor>(x.running),
                          caf::exit_reason::user_shutdown);
}

container::interface::behavior_type container::make_behavior() {
  self_->set_down_handler(
      [this](const caf::down_msg& x) { on_down(x.source, x.reason); });
  if (begin())
    for (auto x : all_parts)
      start(x);
  else
    self_->quit();
  return {
      [this](protocol::shield_call& x) { return on_call(x); },
      [this](abilities_atom) { return on_abilities(); },
      [this](const process_gone&) { on_process_gone(); },
      [this](const service_state& x) { on_state(x); },
      [this](const restart_part& x) { on_restart(x.what); },
      [this](tick_atom) { on_tick(); },
      [this](stop_atom) { on_stop(); },
      [this](report_atom) { on_report(); },
  };
}

// False: no service is to be started.
bool container::begin() {
  if (!watch_init()) {
    tell(severity::info, "the container's first process has ended already");
    return false;
  }
  tell(severity::info, "serving");
  if (gate_fault_ && config_.share == container_share::everything)
    tell(severity::error,
         "the gate is not started: the sidecar has a fault, correct it",
         to_string(container_part::gate), to_string(*gate_fault_));
  return true;
}

// False: the process has ended.
bool container::watch_init() {
  const auto pid = config_.sidecar->init_pid;
  if (!pid)
    return true;
  auto result =
      config_.containers->watch(*pid, process_watcher{interface{self_}});
  if (result.gone)
    return false;
  init_ = std::move(result.value);
  if (!init_ && !std::exchange(told_unwatched_, true))
    tell(severity::warning, "the container's first process cannot be watched",
         {}, result.why);
  if (result.ran_out)
    self_->delayed_send(self_, protocol::limits::accept_backoff,
                        tick_atom::value);
  return true;
}

void container::on_tick() {
  if (!stopping_ && !init_ && !watch_init())
    on_process_gone();
}

// -- parts --------------------------------------------------------------------

container::part& container::at(container_part what) {
  return parts_[static_cast<std::size_t>(what)];
}

void container::start(container_part what) {
  caf::strong_actor_ptr next;
  switch (what) {
  case container_part::executor:
    next = start_executor();
    // the executor has no socket, so it serves at once
    became(what, condition::serving);
    break;
  case container_part::hub:
    next = config_.share == container_share::everything ? start_hub()
                                                        : start_helper();
    break;
  case container_part::gate:
    if (!config_.sidecar->gate || gate_fault_
        || config_.share != container_share::everything)
      // There is nothing to start, or it can never work.
      return became(what, condition::serving);
    next = start_gate();
    break;
  }
  auto& x = at(what);
  x.delays.started(self_->clock().now());
  if (!next)
    return;
  x.why_not.clear();
  self_->monitor(next);
  x.running = std::move(next);
}

caf::strong_actor_ptr container::start_executor() {
  executor_ = spawn_shield_executor(
      *config_.io, shield_executor_config{config_.io, config_.around->shield});
  return caf::actor_cast<caf::strong_actor_ptr>(executor_);
}

// False: try again later. Directories of ours that others can access are
// closed: an older installation left them so.
bool container::make_private(container_part what,
                             std::initializer_list<std::string> paths) {
  for (const auto& path : paths)
    if (auto why = config_.containers->make_private(path); !why.empty()) {
      cannot_start(what, why);
      return false;
    }
  return true;
}

// Null if its directories cannot be made; then it is tried again later.
caf::strong_actor_ptr container::start_hub() {
  if (!make_private(container_part::hub,
                    {directory_of(paths_.reader_socket),
                     directory_of(paths_.clearance_socket)}))
    return nullptr;
  auto config = hub_of(*config_.sidecar, paths_, config_.around->quotas,
                       config_.around->held);
  config.io = config_.io;
  config.denials = config_.around->denials;
  config.board = config_.around->board;
  config.executor = interface { self_ };
  config.manager = interface { self_ };
  if (config_.around->policy && config_.around->quotas.keeps_prompts)
    config_.around->policy(
        config, prompts_of(*config_.sidecar, config_.around->quotas));
  if (config_.around->audit)
    config_.around->audit(config, config_.sidecar->container_id);
  hub_ = spawn_hub(*config_.io, std::move(config));
  return caf::actor_cast<caf::strong_actor_ptr>(hub_);
}

caf::strong_actor_ptr container::start_helper() {
  if (!make_private(container_part::hub, {directory_of(paths_.verdict_socket)}))
    return nullptr;
  verdict_helper_config config;
  config.io = config_.io;
  config.socket = paths_.verdict_socket;
  config.executor = interface { self_ };
  config.manager = interface { self_ };
  hub_ = spawn_verdict_helper(*config_.io, std::move(config));
  return caf::actor_cast<caf::strong_actor_ptr>(hub_);
}

// Null if its directories cannot be made; then it is tried again later.
caf::strong_actor_ptr container::start_gate() {
  if (!make_private(container_part::gate,
                    {paths_.gate_private, paths_.gate_home, paths_.gate_hooks,
                     paths_.gate_tmp, directory_of(paths_.gate_lock)}))
    return nullptr;
  auto config = gate_of(*config_.sidecar, paths_, *config_.around);
  config.io = config_.io;
  config.http = config_.http;
  config.board = config_.around->board;
  config.manager = interface { self_ };
  if (!config.listen.path.empty()
      && !make_private(container_part::gate,
                       {directory_of(config.listen.path)}))
    return nullptr;
  // Without terok-gate there is nothing that hooks could run.
  if (const auto& program = config_.around->terok_gate; !program.empty())
    config_.containers->settle_hooks(paths_.gate_hooks, program);
  const auto& served = config_.sidecar->gate.value();
  config_.containers->look_for_locks(served.base_path + "/" + served.project_id
                                     + ".git");
  gate_ = spawn_gate(*config_.io, std::move(config));
  return caf::actor_cast<caf::strong_actor_ptr>(gate_);
}

void container::on_down(const caf::actor_addr& who, const caf::error& why) {
  for (auto what : all_parts) {
    auto& x = at(what);
    if (!x.running || caf::actor_cast<caf::actor_addr>(x.running) != who)
      continue;
    x.running = nullptr;
    switch (what) {
    case container_part::executor:
      executor_ = nullptr;
      break;
    case container_part::hub:
      hub_ = nullptr;
      break;
    case container_part::gate:
      gate_ = nullptr;
      break;
    }
    if (!stopping_)
      failed(what, actors::what(why));
  }
  end_if_done();
}

void container::failed(container_part what, std::string_view why) {
  tell(severity::error, "a service ended and is started again", to_string(what),
       why, try_later(what));
}

// Said once for each reason, for it may last until somebody mends it.
void container::cannot_start(container_part what, const std::string& why) {
  const auto delay = try_later(what);
  auto& said = at(what).why_not;
  if (said == why)
    return;
  said = why;
  tell(severity::error,
       "a service cannot start; it is tried again, and this is said once",
       to_string(what), why, delay);
}

// Returns after which time.
std::string container::try_later(container_part what) {
  const auto delay = at(what).delays.ended(self_->clock().now());
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(delay).count();
  self_->delayed_send(self_, delay, restart_part{what});
  became(what, condition::failing);
  return std::to_string(ms) + "ms";
}

void container::on_state(const service_state& x) {
  if (x.ready)
    became(x.service == gate::name ? container_part::gate : container_part::hub,
           condition::serving);
}

void container::became(container_part what, condition is) {
  at(what).is = is;
  auto none = [this](condition x) {
    return std::none_of(parts_.begin(), parts_.end(),
                        [x](const part& y) { return y.is == x; });
  };
  container_state now{id_, none(condition::starting), !none(condition::failing),
                      serves()};
  if (now.settled == told_.settled && now.failing == told_.failing
      && now.serving == told_.serving)
    return;
  told_ = now;
  if (config_.watcher)
    self_->send(config_.watcher, std::move(now));
}

// The executor has no socket, and not every container has a gate.
bool container::serves() const {
  return std::any_of(parts_.begin(), parts_.end(), [this](const part& x) {
    return x.running && x.is == condition::serving
           && x.running != caf::actor_cast<caf::strong_actor_ptr>(executor_);
  });
}

void container::on_restart(container_part what) {
  if (!stopping_ && !at(what).running)
    start(what);
}

caf::result<shield_outcome> container::on_call(protocol::shield_call& x) {
  if (!executor_)
    return shield_outcome{false, "the verdict executor is being restarted"};
  return self_->delegate(executor_, std::move(x));
}

caf::result<shield_abilities_answer> container::on_abilities() {
  if (!executor_)
    return shield_abilities_answer{};
  return self_->delegate(executor_, abilities_atom::value);
}

// -- the end ------------------------------------------------------------------

void container::on_process_gone() {
  init_.reset();
  tell(severity::info, "the container's first process has ended");
  on_stop();
}

// The gate ends when its transfers have ended, or after a short time.
void container::on_stop() {
  if (std::exchange(stopping_, true))
    return;
  init_.reset();
  for (auto what : {container_part::hub, container_part::executor})
    if (auto& x = at(what).running)
      caf::anon_send_exit(caf::actor_cast<caf::actor>(x),
                          caf::exit_reason::user_shutdown);
  if (gate_)
    self_->send(gate_, stop_atom::value);
  end_if_done();
}

void container::end_if_done() {
  if (stopping_
      && std::none_of(parts_.begin(), parts_.end(),
                      [](const part& x) { return x.running; }))
    self_->quit();
}

void container::on_report() const {
  tell(severity::info, "counters follow");
  if (hub_)
    self_->send(hub_, report_atom::value);
  if (gate_)
    self_->send(gate_, report_atom::value);
}

void container::tell(severity level, std::string_view text,
                     std::string_view service, std::string_view why,
                     std::string_view again_in) const {
  log(level, name, text,
      {{"container", protocol::escaped(config_.sidecar->container_name)},
       {"id", id_},
       {"service", service},
       {"why", why},
       {"again_in", again_in}});
}

container_actor spawn_container(io_host& io, container_config config) {
  return spawn_hosted<container>(io, std::move(config));
}

} // namespace clearance::actors
