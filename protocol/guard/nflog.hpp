/// NFLOG: how the kernel hands the packets on that a rule logs, as netlink
/// messages. Source: linux/netfilter/nfnetlink_log.h, linux/netlink.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// What is asked of one group. The kernel answers each request with an
/// nflog_answer.
enum class nflog_setting : std::uint8_t {
  bind,      ///< hand the group's packets to this socket
  copy_max,  ///< value: bytes of a packet that are copied
  threshold, ///< value: packets that are collected before they are handed on
  timeout,   ///< value: hundredths of a second that they are collected
  sequence,  ///< number the packets, so that a lost one is noticed
};

/// The message for one request.
std::string nflog_request(std::uint16_t group, nflog_setting what,
                          std::uint32_t value = 0);

/// A packet that a rule logged. The views end with the datagram.
struct nflog_packet {
  std::uint16_t group = 0;
  std::optional<std::uint32_t> sequence; ///< counts per group
  std::string_view prefix;               ///< the rule's, without the NUL
  std::string_view payload;              ///< from the IP header on, maybe cut
};

/// The answer to a request: an errno value, 0 for success.
struct nflog_answer {
  int error = 0;
};

/// One message of a datagram.
struct nflog_message {
  enum class kind : std::uint8_t { packet, answer, other };

  kind what = kind::other;
  nflog_packet packet; ///< for kind::packet
  nflog_answer answer; ///< for kind::answer
};

/// Takes a datagram of the kernel apart, message by message.
class nflog_datagram {
public:
  explicit nflog_datagram(std::string_view bytes) noexcept : rest_(bytes) {
    // nop
  }

  /// The next message; nothing at the end, or when what follows is malformed.
  std::optional<nflog_message> next() noexcept;

  /// Whether bytes were left that are no message.
  bool malformed() const noexcept { return malformed_; }

private:
  std::string_view rest_;
  bool malformed_ = false;
};

} // namespace clearance::protocol
