// Files come and go, and containers need time to end. settle() compares the
// files for one id with the container of that id, and takes the next step. It
// is called whenever a file or a container has changed.

#include "actors/supervisor/supervisor.hpp"

#include "actors/base/error.hpp"
#include "protocol/supervisor/path_fault.hpp"
#include "protocol/text/text.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace clearance::actors {

namespace supervisor_limits = protocol::supervisor_limits;

supervisor::supervisor(self_type* self, supervisor_config config)
    : self_(self), config_(std::move(config)) {
  // nop
}

supervisor::~supervisor() {
  for (auto& [id, x] : slots_)
    if (x.running)
      caf::anon_send_exit(x.running, caf::exit_reason::user_shutdown);
}

supervisor::interface::behavior_type supervisor::make_behavior() {
  self_->set_down_handler(
      [this](const caf::down_msg& x) { on_down(x.source, x.reason); });
  if (config_.sidecars)
    config_.sidecars->start(interface{self_});
  return {
      [this](sidecar_seen& x) { on_seen(x); },
      [this](const sidecar_bad& x) { on_bad(x); },
      [this](const sidecar_gone& x) { on_gone(x); },
      [this](sidecars_read) { on_read(); },
      [this](const sidecars_lost& x) { on_lost(x); },
      [this](const container_state& x) { on_state(x); },
      [this](const restart_container& x) { on_restart(x.id); },
      [this](stop_atom) { on_stop(); },
      [this](report_atom) { on_report(); },
  };
}

// -- files --------------------------------------------------------------------

void supervisor::on_seen(sidecar_seen& x) {
  if (x.value->container_id.empty())
    return on_bad({x.file, {"container_id", "is missing"}});
  // Otherwise its services would be tried again for ever, without success.
  if (auto fault = protocol::fault_of(
          *x.value, protocol::paths_of(*x.value, x.value->container_id)))
    return on_bad({x.file, std::move(*fault)});
  if (files_.size() >= config_.sidecars_max && !files_.contains(x.file))
    return on_bad({x.file, {"", "there are too many sidecars"}});
  auto& now = files_[x.file];
  if (now.value && now.digest == x.digest)
    return;
  const auto before = now.id;
  now = {std::move(x.value), x.digest, "", false};
  now.id = protocol::short_id(now.value->container_id);
  if (auto it = slots_.find(now.id);
      it != slots_.end() && it->second.file != x.file)
    on_bad({x.file,
            {"container_id", "has the same first 12 digits as in "
                                 + it->second.file + ", which is served"}});
  if (!before.empty() && before != now.id)
    settle(before);
  settle(now.id);
  settle_waiting();
}

// A running container is not changed: a mistake in a file must not end its
// services.
void supervisor::on_bad(const sidecar_bad& x) const {
  log(severity::error, name, "bad sidecar",
      {{"file", protocol::escaped(x.file)},
       {"field", x.why.field},
       {"why", protocol::escaped(x.why.why)}});
}

void supervisor::on_gone(const sidecar_gone& x) {
  if (auto node = files_.extract(x.file))
    settle(node.mapped().id);
  settle_waiting();
}

void supervisor::on_read() {
  read_ = true;
  tell_manager();
}

void supervisor::on_lost(const sidecars_lost& x) {
  self_->quit(make_error(errc::directory_lost, x.why));
}

// -- containers ---------------------------------------------------------------

// The file from which the slot's container was started, if it has not changed.
const supervisor::file* supervisor::current(const slot& x) const {
  auto it = files_.find(x.file);
  return it != files_.end() && it->second.digest == x.digest ? &it->second
                                                             : nullptr;
}

void supervisor::settle(const std::string& id) {
  if (stopping_)
    return;
  auto it = slots_.find(id);
  if (it != slots_.end() && !current(it->second)) {
    if (it->second.running) {
      if (!std::exchange(it->second.stopping, true))
        self_->send(it->second.running, stop_atom::value);
      return; // when it has ended, settle() does the rest
    }
    slots_.erase(it);
    it = slots_.end();
  }
  if (it != slots_.end())
    return;
  auto next = std::find_if(files_.begin(), files_.end(), [&](const auto& x) {
    return x.second.id == id && !x.second.ended;
  });
  if (next == files_.end()) {
    std::erase(waiting_, id);
    return tell_manager();
  }
  if (slots_.size() >= config_.containers_max)
    return wait(id, next->first);
  slot fresh{next->first,
             next->second.digest,
             {},
             false,
             protocol::backoff{{supervisor_limits::restart_delay,
                                supervisor_limits::restart_delay_max,
                                supervisor_limits::restart_forgiven_after}}};
  start(slots_.emplace(id, std::move(fresh)).first->second);
  tell_manager();
}

void supervisor::wait(const std::string& id, const std::string& file_name) {
  if (std::find(waiting_.begin(), waiting_.end(), id) != waiting_.end())
    return;
  log(severity::error, name, "too many containers, one waits for a slot",
      {{"file", protocol::escaped(file_name)}});
  waiting_.push_back(id);
}

// Starts waiting containers in their order while there are slots. A container
// whose file is gone is skipped.
void supervisor::settle_waiting() {
  while (!waiting_.empty() && slots_.size() < config_.containers_max) {
    const auto id = std::move(waiting_.front());
    waiting_.pop_front();
    settle(id);
  }
}

void supervisor::start(slot& x) {
  container_config config;
  config.io = config_.io;
  config.http = config_.http;
  config.containers = config_.containers;
  config.sidecar = current(x)->value;
  config.around = config_.around;
  config.watcher = interface { self_ };
  x.running = spawn_container(*config_.io, std::move(config));
  x.delays.started(self_->clock().now());
  self_->monitor(x.running);
}

void supervisor::on_down(const caf::actor_addr& who, const caf::error& why) {
  auto it = std::find_if(slots_.begin(), slots_.end(), [&](const auto& x) {
    return x.second.running && x.second.running.address() == who;
  });
  if (it == slots_.end())
    return;
  const auto id = it->first;
  auto& x = it->second;
  x.running = nullptr;
  if (why && !stopping_ && !x.stopping) {
    log(severity::error, name,
        "a container's supervision crashed and is started again",
        {{"file", protocol::escaped(x.file)}, {"why", what(why)}});
    self_->delayed_send(self_, x.delays.ended(self_->clock().now()),
                        restart_container{id});
    x.settled = x.failing = true;
    tell_manager();
    return;
  }
  if (auto from = files_.find(x.file);
      from != files_.end() && from->second.digest == x.digest)
    from->second.ended = true;
  slots_.erase(it);
  settle(id);
  settle_waiting();
  end_if_done();
}

void supervisor::on_state(const container_state& x) {
  auto it = slots_.find(x.id);
  if (it == slots_.end())
    return;
  it->second.settled = x.settled;
  it->second.failing = x.failing;
  tell_manager();
}

// The supervisor is ready when it knows every sidecar that was there at the
// start and has tried to serve each. A container that cannot be served does not
// delay that.
void supervisor::tell_manager() {
  auto count = [this](auto f) {
    return std::count_if(slots_.begin(), slots_.end(),
                         [f](const auto& x) { return f(x.second); });
  };
  const bool first =
      !ready_ && read_ && count([](const slot& x) { return !x.settled; }) == 0;
  ready_ = ready_ || first;
  if (!ready_ || stopping_ || !config_.manager)
    return;
  auto status = std::to_string(slots_.size())
                + (slots_.size() == 1 ? " container" : " containers");
  if (auto n = count([](const slot& x) { return x.failing; }); n > 0)
    status += ", " + std::to_string(n) + " with a service that fails";
  if (!config_.caveat.empty())
    status += "; " + config_.caveat;
  self_->send(config_.manager, service_state{name, first, std::move(status)});
}

void supervisor::on_restart(const std::string& id) {
  auto it = slots_.find(id);
  if (stopping_ || it == slots_.end() || it->second.running)
    return;
  if (current(it->second))
    start(it->second);
  else
    settle(id);
  settle_waiting();
}

// -- the end ------------------------------------------------------------------

void supervisor::on_stop() {
  if (std::exchange(stopping_, true))
    return;
  config_.sidecars.reset();
  log(severity::info, name, "stopping",
      {{"containers", std::to_string(slots_.size())}});
  std::erase_if(slots_, [](const auto& x) { return !x.second.running; });
  for (auto& [id, x] : slots_)
    self_->send(x.running, stop_atom::value);
  end_if_done();
}

void supervisor::end_if_done() {
  if (stopping_ && slots_.empty())
    self_->quit();
}

void supervisor::on_report() const {
  log(severity::notice, name, "counters",
      {{"sidecars", std::to_string(files_.size())},
       {"containers", std::to_string(slots_.size())},
       {"waiting", std::to_string(waiting_.size())}});
  for (const auto& [id, x] : slots_)
    if (x.running)
      self_->send(x.running, report_atom::value);
}

supervisor_actor spawn_supervisor(io_host& io, supervisor_config config) {
  return spawn_hosted<supervisor>(io, std::move(config));
}

} // namespace clearance::actors
