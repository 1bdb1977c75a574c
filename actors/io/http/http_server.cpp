#include "actors/io/http/http_server.hpp"

#include "actors/base/error.hpp"
#include "actors/io/http/http_session.hpp"
#include "actors/io/socket/accept_loop.hpp"
#include "actors/io/socket/bind.hpp"
#include "actors/io/socket/bind_tcp.hpp"
#include "actors/io/socket/inherited.hpp"
#include "actors/io/socket/kept_socket.hpp"
#include "actors/io/socket/peer_check.hpp"
#include "actors/io/socket/stream.hpp"

#include <boost/system/system_error.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::io {

namespace {

/// A listener on a unix socket or a port. Only its start differs between the
/// two.
class bound_listener final : public actors::http_listener {
public:
  bound_listener(boost::asio::io_context& context, const http_times& times,
                 const actors::http_listen_spec& spec,
                 actors::request_owner owner, bound_socket socket,
                 bound_port port)
      : all_(std::make_shared<http_sessions>(
          http_sessions{context,
                        std::move(owner),
                        spec.server,
                        times,
                        {},
                        std::make_shared<std::size_t>(0)})),
        where_(port.fd ? port.where : socket.path()),
        tcp_(port.fd),
        check_(spec.role) {
    const auto on_peer = [this](unique_fd fd) { greet(std::move(fd)); };
    accept_loop::make_room room;
    if (spec.closes_oldest)
      room = [all = all_.get()] { return all->close_oldest(); };
    if (tcp_)
      port_.emplace(context, std::move(port.fd), spec.role, all_->open,
                    spec.connections_max, on_peer, room);
    else
      socket_.emplace(context, std::move(socket),
                      kept_socket::config{spec.role,
                                          "",
                                          all_->open,
                                          spec.connections_max,
                                          on_peer,
                                          {},
                                          room});
  }

  ~bound_listener() override {
    all_->owner = nullptr;
    // Some sessions close at once and leave the set, so a copy is walked.
    for (auto* x : std::vector(all_->alive.begin(), all_->alive.end()))
      x->wind_down();
  }

  std::uint64_t refused() const noexcept override { return check_.refused(); }

  std::string trouble() const override {
    return socket_ ? socket_->trouble() : std::string{};
  }

  std::string where() const override { return where_; }

private:
  // A TCP connection does not tell the peer's uid. There the token alone
  // decides.
  void greet(unique_fd fd) {
    actors::peer who;
    if (!tcp_) {
      who = peer_of(fd.get());
      if (!check_.admits(who))
        return;
    }
    std::make_shared<http_session>(all_, std::move(fd), std::move(who))
        ->start();
  }

  std::shared_ptr<http_sessions> all_;
  std::string where_;
  bool tcp_;
  peer_check check_;
  // One of the two is set. They are the last members, because they call us
  // while they live.
  std::optional<accept_loop> port_;
  std::optional<kept_socket> socket_;
};

using bound_any = std::variant<bound_socket, bound_port, std::string>;

bound_any bind_or_inherit(const actors::http_listen_spec& spec) {
  auto any = [](auto bound) {
    return std::visit([](auto& x) -> bound_any { return std::move(x); }, bound);
  };
  if (spec.inherited >= 0)
    return inherit_socket(spec.inherited, spec.role);
  return spec.path.empty() ? any(bind_port(spec.address, spec.port, spec.role))
                           : any(bind_hardened(spec.path, spec.role,
                                               {spec.lock, spec.selinux_type}));
}

} // namespace

http_server::http_server(boost::asio::io_context& context,
                         const http_times& times)
    : context_(context), times_(times) {
  // nop
}

caf::expected<std::unique_ptr<actors::http_listener>>
http_server::listen_http(const actors::http_listen_spec& spec,
                         actors::request_owner owner) {
  bound_socket socket;
  bound_port port;
  auto bound = bind_or_inherit(spec);
  if (auto why = std::get_if<std::string>(&bound))
    return make_error(actors::errc::bind_failed, std::move(*why));
  if (auto local = std::get_if<bound_socket>(&bound))
    socket = std::move(*local);
  else
    port = std::move(std::get<bound_port>(bound));
  std::unique_ptr<actors::http_listener> result;
  try {
    result = std::make_unique<bound_listener>(
        context_, times_, spec, std::move(owner), std::move(socket),
        std::move(port));
  } catch (const boost::system::system_error& error) {
    return make_error(actors::errc::bind_failed, "cannot serve the " + spec.role
                                                     + ": "
                                                     + error.code().message());
  }
  return result;
}

} // namespace clearance::io
