#include "services/process/metrics.hpp"

#include "actors/io/socket/bind.hpp"
#include "actors/io/socket/bind_tcp.hpp"
#include "actors/io/socket/private_directory.hpp"
#include "actors/metrics/metrics_port.hpp"
#include "protocol/metrics/limits.hpp"
#include "protocol/text/text.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/paths.hpp"
#include "services/process/setup_fault.hpp"

#include <caf/actor_cast.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <unistd.h>
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

struct loopback_port {
  std::string address;
  std::uint16_t port = 0;
};

// Nothing: it is no ADDRESS:PORT of this machine.
std::optional<loopback_port> read_loopback_port(const std::string& word) {
  const auto colon = word.rfind(':');
  if (colon == std::string::npos)
    return std::nullopt;
  loopback_port result;
  result.address = word.substr(0, colon);
  if (result.address.starts_with('[') && result.address.ends_with(']'))
    result.address = result.address.substr(1, result.address.size() - 2);
  const auto* last = word.data() + word.size();
  const auto [end, error] =
      std::from_chars(word.data() + colon + 1, last, result.port);
  if (error != std::errc{} || end != last || !io::is_address(result.address)
      || !io::is_loopback(result.address))
    return std::nullopt;
  return result;
}

} // namespace

metrics_server::metrics_server(const std::string& where, int cannot_start) {
  if (where.empty())
    return;
  board_ = std::make_shared<actors::counter_board>();
  if (where.find('/') != std::string::npos) {
    spec_.path = absolute_socket_path(where);
    directory_ = io::socket_directory(spec_.path);
    if (auto why = io::make_private_directory(directory_); !why.empty())
      throw setup_fault(cannot_start,
                        io::bind_fault(spec_.path, metrics_role, why));
    return;
  }
  const auto port = read_loopback_port(where);
  if (!port)
    throw setup_fault(exit_usage,
                      "--metrics: `" + protocol::escaped(where)
                          + "` is neither the path of a socket, with a /, nor "
                            "a port of this machine such as 127.0.0.1:9464");
  auto bound = io::bind_port(port->address, port->port, metrics_role);
  if (const auto* why = std::get_if<std::string>(&bound))
    throw setup_fault(cannot_start, *why);
  spec_.inherited = std::get<io::bound_port>(bound).fd.release();
}

metrics_server::~metrics_server() {
  if (spec_.inherited >= 0) // it was not started
    ::close(spec_.inherited);
}

void metrics_server::start(io::loop& loop) {
  if (!board_)
    return;
  http_ = std::make_unique<io::http_server>(loop.context(), metrics_times());
  actors::metrics_config config;
  config.io = &loop;
  config.http = http_.get();
  config.board = board_;
  config.listen.path = spec_.path;
  config.listen.inherited = std::exchange(spec_.inherited, -1);
  const auto port = actors::spawn_metrics(loop, std::move(config));
  loop.depend_on(caf::actor_cast<caf::strong_actor_ptr>(port));
}

} // namespace clearance::services
