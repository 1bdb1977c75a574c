#include "actors/base/manager_link.hpp"

#include "actors/base/fault.hpp"
#include "protocol/base/limits.hpp"

#include <utility>

namespace clearance::actors {

namespace limits = protocol::limits;

manager_link::manager_link(self_type* self, manager_link_config config)
    : self_(self), config_(config) {
  // nop
}

manager_link::interface::behavior_type manager_link::make_behavior() {
  if (config_.alive_every)
    on_alive();
  return {
      [this](service_state& x) { on_state(x); },
      [this](tick_atom) { on_tick(); },
      [this](alive_atom) { on_alive(); },
  };
}

void manager_link::on_state(service_state& x) {
  unsaid_ = true;
  ready_ = ready_ || x.ready;
  status_ = std::move(x.status);
  const auto now = self_->clock().now();
  if (x.ready || !told_at_ || now - *told_at_ >= limits::status_interval)
    tell();
  else
    tell_later();
}

void manager_link::on_tick() {
  waiting_ = false;
  if (unsaid_)
    tell();
}

// If the manager does not take the message, it is sent again later: a manager
// that never gets `ready` would stop the service.
void manager_link::tell() {
  told_at_ = self_->clock().now();
  if (ready_ ? config_.manager->ready(status_)
             : config_.manager->status(status_))
    ready_ = unsaid_ = false;
  else
    tell_later();
}

void manager_link::tell_later() {
  if (std::exchange(waiting_, true))
    return;
  const auto due = *told_at_ + limits::status_interval;
  insist([&] {
    self_->delayed_send(self_, due - self_->clock().now(), tick_atom::value);
  });
}

// A lost message does no harm: the next one comes in time, because two are sent
// in the time after which the manager takes a service for stuck.
void manager_link::on_alive() {
  config_.manager->alive();
  insist([this] {
    self_->delayed_send(self_, *config_.alive_every, alive_atom::value);
  });
}

manager_link_actor spawn_manager_link(io_host& io, manager_link_config config) {
  return spawn_hosted<manager_link>(io, config);
}

} // namespace clearance::actors
