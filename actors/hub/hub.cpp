// The hub's parts, and which of them end together:
//
//   hub <==links==> registry, ingester, sessions, subscribers, operators,
//    |                 |                                      audit trail
//    owns           asks the executor, which is not linked
//    both listeners
//
// A session or subscriber ends alone if its client leaves or if it throws.
// Every other end of a part is a crash, and then all parts end.

#include "actors/hub/hub.hpp"

#include "actors/base/error.hpp"
#include "actors/base/fault.hpp"
#include "actors/base/log.hpp"
#include "actors/hub/ingester.hpp"
#include "actors/hub/registry.hpp"
#include "actors/hub/session.hpp"

#include <caf/send.hpp>

#include <exception>
#include <string>
#include <utility>

namespace clearance::actors {

hub::hub(self_type* self, hub_config config)
    : self_(self),
      config_(std::move(config)),
      subscribers_(config_.subscribers_max),
      held_by_readers_(std::make_shared<protocol::byte_budget>(
          config_.held_max_bytes, config_.held_whole)),
      held_by_clients_(std::make_shared<protocol::byte_budget>(
          config_.held_max_bytes, config_.held_whole)),
      shown_(show_counters(config_.board, [this](protocol::counter_list& to) {
        add_counters(to);
      })) {
  if (!config_.denials)
    config_.denials = limiter_of_all();
}

hub::interface::behavior_type hub::make_behavior() {
  auto& io = *config_.io;
  if (config_.spawn_audit)
    audit_ = config_.spawn_audit(io, self_->address());
  registry_ = spawn_registry(
      io, registry_config{config_.executor, self_->address(), config_.limits,
                          audit_, config_.board});
  ingester_ = spawn_ingester(io, ingester_config{registry_, self_->address(),
                                                 config_.only_container,
                                                 config_.board});
  if (listen()) {
    // A hub that cannot serve says nothing but why.
    if (config_.spawn_operators)
      operators_ =
          config_.spawn_operators({&io, registry_, config_.executor,
                                   self_->address(), audit_, config_.board});
    log(severity::info, name, "serving",
        {{"clearance_socket", config_.clearance_socket},
         {"reader_socket", config_.reader_socket},
         {"sandbox", config_.sandbox}});
    if (config_.on_serving)
      config_.on_serving();
    tell_manager(true);
    subscribers_.watch([this] { tell_status(); });
  }
  return {
      [this](const accepted& x) { on_accepted(x); },
      [this](report_atom) { if_memory_allows([this] { on_report(); }); },
  };
}

// The reader socket is bound first: a client that finds the clearance socket
// can rely on the whole hub.
bool hub::listen() {
  auto bind = [this](listen_spec spec, const char* repair,
                     const listener_owner& owner) {
    spec.repair = repair;
    spec.on_trouble = [this] { tell_status(); };
    auto result = config_.io->listen(spec, owner);
    if (!result)
      self_->quit(result.error());
    return result ? std::move(*result) : nullptr;
  };
  reader_listener_ =
      bind({config_.reader_socket, "reader socket", framing::lines,
            config_.readers_max, config_.inherited_reader, held_by_readers_},
           "systemctl --user restart clearance-reader.socket", ingester_);
  if (!reader_listener_)
    return false;
  clearance_listener_ =
      bind({config_.clearance_socket, "clearance socket", framing::varlink,
            config_.clients_max, config_.inherited_clearance, held_by_clients_},
           "systemctl --user restart clearance-hub.socket", interface{self_});
  return clearance_listener_ != nullptr;
}

void hub::tell_manager(bool ready) const {
  if (!config_.manager)
    return;
  const auto n = subscribers_.taken();
  auto status = std::to_string(n) + (n == 1 ? " subscriber" : " subscribers")
                + "; clients at " + config_.clearance_socket + ", readers at "
                + config_.reader_socket;
  const auto add = [&status](const std::string& text) {
    if (!text.empty())
      status += "; " + text;
  };
  add(config_.caveat);
  if (reader_listener_ && !reader_listener_->trouble().empty())
    add("no reader can connect: " + reader_listener_->trouble());
  if (clearance_listener_ && !clearance_listener_->trouble().empty())
    add("no client can connect: " + clearance_listener_->trouble());
  caf::anon_send(config_.manager,
                 service_state{name, ready, std::move(status)});
}

// Called where nothing may be thrown.
void hub::tell_status() const noexcept {
  if_memory_allows([this] { tell_manager(false); });
}

// A session needs memory, too: where there is none its client is closed, and
// the hub goes on.
void hub::on_accepted(const accepted& x) try {
  session_config config;
  config.io = config_.io;
  config.connection = x.value;
  config.parent = self_->address();
  config.role = operators_ ? protocol::varlink::role::operator_hub
                           : protocol::varlink::role::hub;
  config.registry = registry_;
  config.operators = operators_;
  config.subscribers = &subscribers_;
  config.denials = config_.denials;
  config.held = held_by_clients_;
  spawn_session(*config_.io, std::move(config));
} catch (const std::exception& fault) {
  report_closed(name, x.value->who().pid, fault);
  x.value->close();
}

void hub::on_report() {
  protocol::counter_list all;
  add_counters(all);
  log_counters(name, all);
  self_->send(ingester_, report_atom::value);
  self_->send(registry_, report_atom::value);
  if (operators_)
    self_->send(operators_, report_atom::value);
  if (audit_.trail)
    self_->send(audit_.trail, report_atom::value);
}

void hub::add_counters(protocol::counter_list& to) const {
  const auto add = [&to](std::string_view what, std::uint64_t value) {
    to.push_back({name, what, value});
  };
  if (reader_listener_)
    add("readers_refused", reader_listener_->refused());
  if (clearance_listener_)
    add("clients_refused", clearance_listener_->refused());
  add("bytes_held_by_readers", held_by_readers_->held());
  add("bytes_held_by_clients", held_by_clients_->held());
  add("readers_denied_room", held_by_readers_->denied());
  add("clients_denied_room", held_by_clients_->denied());
}

service_actor spawn_hub(io_host& io, hub_config config) {
  return spawn_hosted<hub>(io, std::move(config));
}

} // namespace clearance::actors
