/// A bound socket that accepts.
#pragma once

#include "actors/host.hpp"
#include "actors/io/bind.hpp"

#include <boost/asio/io_context.hpp>
#include <caf/expected.hpp>

#include <memory>

namespace clearance::io {

/// Binds as bind_hardened() does and gives every peer of our own uid to an
/// owner. Running out of descriptors or memory, or too many connections, only
/// makes it rest for limits::accept_backoff.
class socket_listener final : public actors::listener {
public:
  static caf::expected<std::unique_ptr<actors::listener>>
  open(boost::asio::io_context& context, const actors::listen_spec& spec,
       actors::acceptor_owner owner);

  /// Takes a socket that is bound and listening already.
  socket_listener(boost::asio::io_context& context, bound_socket socket,
                  const actors::listen_spec& spec,
                  actors::acceptor_owner owner);
  ~socket_listener() override;

  std::uint64_t refused() const noexcept override;

private:
  class acceptor;
  std::shared_ptr<acceptor> acceptor_;
};

} // namespace clearance::io
