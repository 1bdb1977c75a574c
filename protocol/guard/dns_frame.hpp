/// DNS messages in a TCP connection: each stands behind its size. Source: RFC
/// 1035, section 4.2.2; RFC 7766.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// What the first bytes of a connection are.
struct dns_frame {
  enum class kind : std::uint8_t {
    complete,
    need_more, ///< call again with more bytes
    malformed, ///< empty, or longer than allowed: close the connection
  };

  kind what = kind::need_more;
  std::string_view message; ///< for kind::complete; belongs to the bytes
  std::size_t bytes = 0;    ///< for kind::complete: with the size before it
};

/// Looks at the first message of `bytes`. One of more than `max_bytes` is
/// malformed.
dns_frame first_dns_frame(std::string_view bytes,
                          std::size_t max_bytes) noexcept;

/// The message with its size before it. It has at most 65535 bytes.
std::string dns_frame_of(std::string_view message);

} // namespace clearance::protocol
