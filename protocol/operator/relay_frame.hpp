/// Frames between `terok-clearance relay --stdio` and a client on another
/// machine. Source: clients.md, section 5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::protocol {

/// From the relay: the sockets of the hubs that there are now.
struct relay_hubs {
  std::vector<std::string> paths;

  friend bool operator==(const relay_hubs&, const relay_hubs&) = default;
};

/// From the client: connect the channel to that hub. The client chooses a
/// number that no channel has.
struct relay_open {
  std::uint32_t channel = 0;
  std::string hub;

  friend bool operator==(const relay_open&, const relay_open&) = default;
};

/// From either: one varlink message without its NUL. Whoever reads the message
/// judges it.
struct relay_data {
  std::uint32_t channel = 0;
  std::string_view message; ///< points into the frame

  friend bool operator==(const relay_data&, const relay_data&) = default;
};

/// From either: so many more bytes of messages may be sent on the channel.
struct relay_credit {
  std::uint32_t channel = 0;
  std::size_t bytes = 0;

  friend bool operator==(const relay_credit&, const relay_credit&) = default;
};

/// From either: the channel is over. Frames about it that cross this one say
/// nothing any more.
struct relay_close {
  std::uint32_t channel = 0;
  std::string reason;

  friend bool operator==(const relay_close&, const relay_close&) = default;
};

/// Bytes that are no frame.
struct relay_fault {
  std::string why; ///< printable

  friend bool operator==(const relay_fault&, const relay_fault&) = default;
};

using relay_frame = std::variant<relay_fault, relay_hubs, relay_open,
                                 relay_data, relay_credit, relay_close>;

/// Reads one frame without its NUL. `data` stands last in its frame, and there
/// are no blanks in front of the message: so the message is found without
/// reading it. A member that is not known is a fault.
relay_frame parse_relay_frame(std::string_view frame);

// Each appends a frame with its NUL.
void append_relay_frame(std::string& out, const relay_hubs& x);
void append_relay_frame(std::string& out, const relay_open& x);
void append_relay_frame(std::string& out, const relay_data& x);
void append_relay_frame(std::string& out, const relay_credit& x);
void append_relay_frame(std::string& out, const relay_close& x);

/// The largest message that fits into a frame, whatever its channel.
std::size_t relayed_message_max_bytes() noexcept;

/// What one end of a channel may send. A message may be sent when there is any
/// credit, so a message that is longer than all credit passes, too.
class relay_sender {
public:
  bool may_send() const noexcept { return used_ < granted_; }
  void sent(std::size_t bytes) noexcept { used_ += bytes; }
  /// False: the other end grants more than a channel may have.
  [[nodiscard]] bool grant(std::size_t bytes) noexcept;

private:
  std::uint64_t used_ = 0;
  std::uint64_t granted_ = initial();

  static std::uint64_t initial() noexcept;
};

/// What one end of a channel has received and not yet passed on.
class relay_receiver {
public:
  /// False: the other end had no credit.
  [[nodiscard]] bool received(std::size_t bytes) noexcept;

  /// So many bytes were passed on. Returns the credit to grant; 0: none now,
  /// because few large frames are better than many small ones.
  std::size_t passed_on(std::size_t bytes) noexcept;

private:
  std::uint64_t received_ = 0;
  std::uint64_t passed_on_ = 0;
  std::uint64_t granted_ = 0; // beyond what every channel has at its begin
};

} // namespace clearance::protocol
