/// A bound socket that accepts connections.
#pragma once

#include "actors/base/io_host.hpp"
#include "actors/io/socket/bind.hpp"
#include "actors/io/socket/kept_socket.hpp"
#include "actors/io/socket/peer_check.hpp"

#include <boost/asio/io_context.hpp>
#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace clearance::io {

/// Binds as bind_hardened() does, or takes over an inherited unix socket, and
/// gives every peer that peer_check admits to an owner. Binds again if the path
/// is removed or replaced, see kept_socket. If descriptors or memory ran out,
/// or if there are too many connections, it rests for limits::accept_backoff
/// and goes on.
class socket_listener final : public actors::listener {
public:
  static caf::expected<std::unique_ptr<actors::listener>>
  open(boost::asio::io_context& context, const actors::listen_spec& spec,
       actors::listener_owner owner);

  /// Takes a socket that is already bound and listens.
  socket_listener(boost::asio::io_context& context, bound_socket socket,
                  const actors::listen_spec& spec,
                  actors::listener_owner owner);

  std::uint64_t refused() const noexcept override { return check_.refused(); }
  std::string trouble() const override { return socket_.trouble(); }

private:
  void greet(unique_fd fd);

  boost::asio::io_context& context_;
  actors::framing framing_;
  actors::listener_owner owner_;
  peer_check check_;
  std::shared_ptr<std::size_t> open_; // how many connections are open
  protocol::byte_budget_ptr held_;
  // the last member, because it calls us while it lives
  kept_socket socket_;
};

} // namespace clearance::io
