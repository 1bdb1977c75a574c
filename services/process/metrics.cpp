#include "services/process/metrics.hpp"

#include "actors/io/socket/bind.hpp"
#include "actors/io/socket/bind_tcp.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "protocol/metrics/limits.hpp"
#include "protocol/text/address_port.hpp"
#include "protocol/text/text.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"
#include "services/process/setup_fault.hpp"

#include <caf/actor_cast.hpp>

#include <chrono>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

constexpr auto metrics_role = "metrics socket";

// A request with a body is refused before the body was read.
io::http_times metrics_times() {
  io::http_times result;
  result.head = protocol::metrics_limits::metrics_request_time_limit;
  result.write = protocol::metrics_limits::metrics_write_time_limit;
  result.drain = std::chrono::milliseconds{0};
  return result;
}

} // namespace

metrics_server::metrics_server(const std::string& where, int cannot_start,
                               const std::string& setting) {
  if (where.empty())
    return;
  board_ = std::make_shared<actors::counter_board>();
  if (where.find('/') != std::string::npos && !where.ends_with('/')) {
    path_ = absolute_socket_path(where);
    directory_ = io::socket_directory(path_);
    if (auto why = io::make_private_directory(directory_); !why.empty())
      throw setup_fault(cannot_start, io::bind_fault(path_, metrics_role, why));
    return;
  }
  const auto port = protocol::parse_address_port(where);
  if (!port || !io::is_address(port->address)
      || !io::is_loopback(port->address))
    throw setup_fault(exit_usage,
                      setting + ": `" + protocol::escaped(where)
                          + "` is neither the path of a socket, with a /, nor "
                            "a port of this machine such as 127.0.0.1:9464");
  auto bound = io::bind_port(port->address, port->port, metrics_role);
  if (const auto* why = std::get_if<std::string>(&bound))
    throw setup_fault(cannot_start, *why);
  port_ = std::move(std::get<io::bound_port>(bound).fd);
}

void metrics_server::start(io::loop& loop) {
  if (const auto port = spawn(loop))
    loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(port));
}

actors::metrics_actor metrics_server::spawn(io::loop& loop) {
  if (!board_)
    return {};
  http_ = std::make_unique<io::http_server>(loop.context(), metrics_times());
  actors::metrics_config config;
  config.io = &loop;
  config.http = http_.get();
  config.board = board_;
  config.listen.path = path_;
  config.listen.inherited = port_.release();
  return actors::spawn_metrics(loop, std::move(config));
}

} // namespace clearance::services
