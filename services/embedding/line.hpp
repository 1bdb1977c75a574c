/// A connection whose client is in this process.
#pragma once

#include "actors/base/connection.hpp"
#include "protocol/varlink/message.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace clearance::actors::embedding {

/// Stands for a client's connection to a session of the hub. It has sent one
/// varlink call, accepts replies as long as there is room, and ends when
/// hang_up() is called. So an application without a socket has the same rights,
/// the same order of events and the same losses as a client with a socket.
/// Lives on the I/O thread. The session keeps it alive.
class line final : public connection {
public:
  /// The session calls these, during its own calls of this object.
  struct handlers {
    std::function<void(protocol::varlink::reply)> on_reply;
    /// Called once; then no other handler is called. Also called for a reply
    /// that is not varlink.
    std::function<void()> on_end;
    /// A subscriber has taken over the connection. May be empty.
    std::function<void()> on_watched;
  };

  /// `call` is one whole message with its NUL.
  line(std::string call, peer who, handlers tell);

  /// Sets how many more replies may be written. At 0 the session waits.
  void give_room(std::size_t replies);

  /// The client leaves. No handler is called after that.
  void hang_up();

  // -- connection -------------------------------------------------------------

  connection_id id() const noexcept override { return id_; }
  const peer& who() const noexcept override { return who_; }
  void own(connection_owner owner) override { owner_ = std::move(owner); }
  void close() noexcept override;
  void read() override;
  void watch() override;
  written write(std::span<const std::string_view> pieces) override;
  void await_writable() override;

private:
  void end();
  void bring_end();

  connection_id id_;
  peer who_;
  std::string call_; // empty after it was read
  connection_owner owner_;
  handlers tell_;
  protocol::framer framer_;
  std::size_t room_ = 1;
  bool reading_ = false;
  bool watched_ = false;
  bool waiting_ = false; // a write waits for room
  bool gone_ = false;
};

} // namespace clearance::actors::embedding
