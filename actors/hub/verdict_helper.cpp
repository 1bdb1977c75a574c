#include "actors/hub/verdict_helper.hpp"

#include "actors/base/error.hpp"
#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "actors/hub/session.hpp"
#include "protocol/base/limits.hpp"

#include <caf/send.hpp>

#include <exception>
#include <string>
#include <utility>

namespace clearance::actors {

verdict_helper::verdict_helper(self_type* self, verdict_helper_config config)
    : self_(self),
      config_(std::move(config)),
      held_(std::make_shared<protocol::byte_budget>(
          protocol::limits::held_max_bytes)) {
  // nop
}

verdict_helper::interface::behavior_type verdict_helper::make_behavior() {
  listen_spec spec{config_.socket, "verdict socket", framing::varlink};
  spec.inherited = config_.inherited;
  spec.held = held_;
  spec.repair = "systemctl --user restart clearance-verdict.socket";
  spec.on_trouble = [this] {
    if_memory_allows([this] { tell_manager(false); });
  };
  auto result = config_.io->listen(spec, interface{self_});
  if (result) {
    listener_ = std::move(*result);
    log(severity::info, name, "serving",
        {{"socket", config_.socket}, {"sandbox", config_.sandbox}});
    tell_manager(true);
  } else {
    self_->quit(result.error());
  }
  return {
      [this](const accepted& x) { on_accepted(x); },
      [this](report_atom) { if_memory_allows([this] { on_report(); }); },
  };
}

void verdict_helper::tell_manager(bool ready) const {
  if (!config_.manager)
    return;
  auto status = "hubs at " + config_.socket;
  if (!config_.caveat.empty())
    status += "; " + config_.caveat;
  if (!listener_->trouble().empty())
    status += "; no hub can connect: " + listener_->trouble();
  caf::anon_send(config_.manager,
                 service_state{name, ready, std::move(status)});
}

// As in the hub: without memory only this client is closed.
void verdict_helper::on_accepted(const accepted& x) try {
  ++clients_;
  session_config config;
  config.io = config_.io;
  config.connection = x.value;
  config.parent = self_->address();
  config.role = protocol::varlink::role::verdict_helper;
  config.executor = config_.executor;
  config.denials = denials_;
  config.held = held_;
  spawn_session(*config_.io, std::move(config));
} catch (const std::exception& fault) {
  report_closed(name, x.value->who().pid, fault);
  x.value->close();
}

void verdict_helper::on_report() const {
  log(severity::notice, name, "counters",
      {{"clients", std::to_string(clients_)},
       {"refused", std::to_string(listener_->refused())},
       {"bytes_held", std::to_string(held_->held())},
       {"denied_room", std::to_string(held_->denied())}});
}

service_actor spawn_verdict_helper(io_host& io, verdict_helper_config config) {
  return spawn_hosted<verdict_helper>(io, std::move(config));
}

} // namespace clearance::actors
