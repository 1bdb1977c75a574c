/// A bound socket that accepts.
#pragma once

#include "actors/host.hpp"
#include "actors/io/acceptor.hpp"
#include "actors/io/bind.hpp"

#include <boost/asio/io_context.hpp>
#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace clearance::io {

/// Binds as bind_hardened() does, or takes an inherited unix socket, and gives
/// every peer of our own uid to an owner. Running out of descriptors or memory,
/// or too many connections, only makes it rest for limits::accept_backoff.
class socket_listener final : public actors::listener {
public:
  static caf::expected<std::unique_ptr<actors::listener>>
  open(boost::asio::io_context& context, const actors::listen_spec& spec,
       actors::acceptor_owner owner);

  /// Takes a socket that is bound and listening already.
  socket_listener(boost::asio::io_context& context, bound_socket socket,
                  const actors::listen_spec& spec,
                  actors::acceptor_owner owner);

  std::uint64_t refused() const noexcept override { return refused_; }

private:
  void greet(unique_fd fd);

  boost::asio::io_context& context_;
  bound_socket bound_;
  std::string role_;
  actors::framing framing_;
  actors::acceptor_owner owner_;
  std::shared_ptr<std::size_t> open_; // connections alive
  protocol::byte_budget_ptr held_;
  std::uint64_t refused_ = 0;
  acceptor acceptor_; // last: it calls us while it lives
};

} // namespace clearance::io
