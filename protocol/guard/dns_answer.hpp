/// Which addresses a DNS answer gives a name. Source: RFC 1035, section 4.
#pragma once

#include "protocol/guard/target.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

struct dns_address {
  ip_address address;
  std::uint32_t ttl = 0; ///< seconds

  friend bool operator==(const dns_address&, const dns_address&) = default;
};

/// An answer. Whoever sends packets to the container can forge one: the name is
/// a claim.
struct dns_answer {
  std::uint16_t id = 0;
  /// What was asked for, in lower case, without the final dot: letters, digits,
  /// `-` and `_`, parted by dots.
  std::string name;
  /// Of the name and of its aliases (CNAME), in the answer's order, each once.
  std::vector<dns_address> addresses;

  friend bool operator==(const dns_answer&, const dns_answer&) = default;
};

/// Reads an answer to one question, as it stands in a UDP datagram. Nothing: it
/// is none, it says that something failed, or the question is malformed or has
/// other characters. Records behind a malformed or cut one are not read.
std::optional<dns_answer> parse_dns_answer(std::string_view bytes);

} // namespace clearance::protocol
