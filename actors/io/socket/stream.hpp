/// The implementation of actors::connection: one unix stream socket.
#pragma once

#include "actors/base/connection.hpp"
#include "actors/base/io_host.hpp"
#include "actors/io/base/unique_fd.hpp"
#include "protocol/base/framing.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <caf/expected.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace clearance::io {

/// The peer of a connected unix socket (SO_PEERCRED) and the name of its
/// process.
actors::peer peer_of(int fd);

/// Reads whole frames, writes several pieces at once, and sends messages to its
/// owner. At most one read is under way. An idle connection needs
/// `idle_buffer_bytes`.
class stream final : public actors::connection,
                     public std::enable_shared_from_this<stream> {
public:
  /// Takes a connected, non-blocking socket. `open` counts the connection while
  /// it lives. `held` is the memory limit for its frames. Both may be null.
  static actors::connection_ptr make(boost::asio::io_context& context,
                                     unique_fd fd, actors::peer who,
                                     actors::framing kind,
                                     std::shared_ptr<std::size_t> open,
                                     protocol::byte_budget_ptr held = nullptr);

  /// See actors::io_host::dial().
  static caf::expected<actors::connection_ptr>
  dial(boost::asio::io_context& context, const std::string& path,
       actors::framing kind);

  ~stream() override;

  actors::connection_id id() const noexcept override { return id_; }
  const actors::peer& who() const noexcept override { return who_; }
  void own(actors::connection_owner owner) override;
  void close() noexcept override;
  void read() override;
  void watch() override;
  actors::written write(std::span<const std::string_view> pieces) override;
  void await_writable() override;

private:
  static constexpr std::size_t idle_buffer_bytes = 1024;

  stream(boost::asio::io_context& context, unique_fd fd, actors::peer who,
         actors::framing kind, std::shared_ptr<std::size_t> open,
         protocol::byte_budget_ptr held);

  void receive();
  void on_received(boost::system::error_code error, std::size_t count);
  void on_bytes(std::size_t count);
  bool is_cut_off();
  void on_end(actors::stream_end why);
  bool deliver(actors::stream_end end);

  actors::connection_id id_;
  boost::asio::local::stream_protocol::socket socket_;
  actors::peer who_;
  actors::framing framing_;
  protocol::byte_budget_ptr held_;
  protocol::framer framer_;
  std::shared_ptr<std::size_t> open_;
  actors::connection_owner owner_;
  std::shared_ptr<protocol::frame_batch> batch_; // for the current read
  std::uint64_t dropped_told_ = 0;
  std::uint64_t starved_told_ = 0;
  std::array<char, idle_buffer_bytes> buffer_;
};

} // namespace clearance::io
