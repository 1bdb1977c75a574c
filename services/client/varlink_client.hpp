/// A varlink client. It makes one call after another.
#pragma once

#include "protocol/base/framing.hpp"
#include "protocol/varlink/message.hpp"
#include "services/client/unix_socket.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::services {

/// Blocks, each call with its own deadline. Owns the connection.
class varlink_client {
public:
  using parameters = std::vector<std::pair<std::string_view, std::string_view>>;

  /// Why there is no reply: a printable sentence. The connection cannot be
  /// used any more.
  struct failure {
    std::string why;
  };

  /// `connection` is connected and does not block.
  explicit varlink_client(descriptor connection);

  /// Calls and waits for the one reply; an error reply is a reply.
  std::variant<protocol::varlink::reply, failure>
  call(std::string_view method, const parameters& values, time_point deadline);

  /// Sends a whole call, NUL included, and waits for its first reply.
  std::variant<protocol::varlink::reply, failure> call(std::string_view message,
                                                       time_point deadline);

  /// Waits for the next reply to a call with `more`.
  std::variant<protocol::varlink::reply, failure> next(time_point deadline);

private:
  std::variant<std::monostate, failure> send(std::string_view bytes,
                                             time_point deadline);

  descriptor connection_;
  protocol::framer framer_ = protocol::nul_framer();
  protocol::frame_batch frames_;
  std::size_t taken_ = 0; // how many of frames_ were returned
};

/// Why `path` is not the socket that clients use; empty: nothing says so. Asks
/// whoever listens there, and waits a second at most, but only if its name is
/// one that sockets for readers have: these answer nothing.
std::string readers_socket_fault(const std::string& path);

/// Says that `path` is no socket at which a hub serves clients, as the verdict
/// helper's is not.
std::string no_clients_text(const std::string& path);

} // namespace clearance::services
