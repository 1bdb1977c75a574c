/// Many connections to hubs through one pair of descriptors: both ends of
/// `terok-clearance relay --stdio`. Source: clients.md, section 5.
#pragma once

#include "protocol/base/framing.hpp"
#include "protocol/operator/relay_frame.hpp"
#include "services/client/descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

/// What one end does with frames that only that end may get. Such a frame at
/// the end that has no function for it is a fault.
struct relay_role {
  /// At the client's end: the hubs that there are now.
  std::function<void(std::vector<std::string>)> hubs;
  /// At the relay's end: a connection to a hub that does not block, or why
  /// there is none.
  std::function<std::variant<descriptor, std::string>(const std::string&)> open;
};

/// Never blocks; its owner polls. Each channel is a socket of this process:
/// messages that are read from it go into frames, and messages of frames are
/// written to it. A channel whose other end grants no credit is not read, so a
/// slow reader slows down its own hub alone.
class relay_mux {
public:
  /// What handle() returns when the other end is gone.
  static constexpr std::string_view closed = "it closed the connection";

  /// Borrows `in` and `out`, which may be the same and do not block.
  relay_mux(int in, int out, relay_role role);

  /// Tells the client which hubs there are.
  void announce(std::vector<std::string> paths);

  /// Opens a channel to `hub`, which carries what `local` reads and writes.
  /// False: there are too many channels; `local` is closed.
  bool open(const std::string& hub, descriptor local);

  std::size_t channels() const noexcept { return channels_.size(); }

  /// Appends what to poll.
  void append(std::vector<pollfd>& to) const;

  /// Takes what append() appended and poll() filled. Returns why it is over,
  /// printable; empty: it goes on.
  std::string handle(std::span<const pollfd> entries);

private:
  struct channel {
    explicit channel(descriptor x) : local(std::move(x)) {}

    descriptor local;
    protocol::framer framer = protocol::nul_framer();
    std::deque<std::string> waiting; // for credit
    protocol::relay_sender sender;
    protocol::relay_receiver receiver;
    std::string unsent; // to `local`
    bool ends = false;  // when unsent is empty
  };
  using channel_map = std::map<std::uint32_t, channel>;

  std::string read();
  std::string take(std::string_view bytes);
  std::string take_frame(const protocol::relay_fault& x);
  std::string take_frame(protocol::relay_hubs x);
  std::string take_frame(const protocol::relay_open& x);
  std::string take_frame(const protocol::relay_data& x);
  std::string take_frame(const protocol::relay_credit& x);
  std::string take_frame(const protocol::relay_close& x);
  std::string flush();
  void ready(std::uint32_t number, channel& x, short events);
  bool read_local(std::uint32_t number, channel& x);
  void send_waiting(std::uint32_t number, channel& x);
  void flush_local(std::uint32_t number, channel& x);
  void close(std::uint32_t number, std::string_view reason);
  bool is_full() const noexcept;

  int in_;
  int out_;
  relay_role role_;
  protocol::framer framer_;
  std::string unsent_;
  channel_map channels_;
  std::uint32_t last_number_ = 0;
};

} // namespace clearance::services
