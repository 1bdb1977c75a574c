/// A connection that ends in our own process.
#pragma once

#include "actors/base/connection.hpp"
#include "protocol/varlink/message.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace clearance::actors::embedding {

/// What a hub's session takes for a client: it has sent one varlink call, reads
/// replies as long as there is room, and hangs up when it is told to. So a host
/// that has no socket has exactly the rights, the order and the losses of one
/// that has. Lives on the I/O thread; the session keeps it.
class line final : public connection {
public:
  /// Called within the session's own calls.
  struct handlers {
    std::function<void(protocol::varlink::reply)> on_reply;
    /// Once, and nothing after it; a reply that is none is an end, too.
    std::function<void()> on_end;
    /// A subscriber has taken over. May be empty.
    std::function<void()> on_watched;
  };

  /// `call` is one whole message with its NUL.
  line(std::string call, peer who, handlers tell);

  /// Replies that are still taken; the session waits when there is none.
  void give_room(std::size_t replies);

  /// The client leaves; it hears no more.
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
  std::string call_; // empty once it was read
  connection_owner owner_;
  handlers tell_;
  protocol::framer framer_;
  std::size_t room_ = 1;
  bool reading_ = false;
  bool watched_ = false;
  bool waiting_ = false; // for room
  bool gone_ = false;
};

} // namespace clearance::actors::embedding
