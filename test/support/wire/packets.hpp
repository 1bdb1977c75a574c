/// Packets, DNS answers and NFLOG messages, built by hand for tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::test {

using bytes = std::vector<unsigned>;

inline std::string raw(const bytes& x) {
  std::string out;
  for (const auto b : x)
    out += static_cast<char>(b);
  return out;
}

inline std::string be16(unsigned x) {
  return raw({x >> 8 & 255, x & 255});
}

/// An IPv4 packet to 203.0.113.7 from 198.51.100.2.
inline std::string v4_packet(unsigned protocol, const std::string& payload,
                             unsigned offset = 0,
                             const std::string& options = {}) {
  return raw({0x45 + static_cast<unsigned>(options.size()) / 4, 0}) + be16(0)
         + be16(1) + be16(offset) + raw({64, protocol}) + be16(0)
         + raw({198, 51, 100, 2, 203, 0, 113, 7}) + options + payload;
}

/// An IPv6 packet to 2001:db8::7 from 2001:db8::2.
inline std::string v6_packet(unsigned next, const std::string& payload) {
  return raw({0x60, 0, 0, 0}) + be16(0) + raw({next, 64, 0x20, 1, 0x0d, 0xb8})
         + std::string(11, '\0') + '\2' + raw({0x20, 1, 0x0d, 0xb8})
         + std::string(11, '\0') + '\7' + payload;
}

inline std::string tcp_header(unsigned port) {
  return be16(40000) + be16(port) + std::string(16, '\0');
}

inline std::string udp_datagram(unsigned from, unsigned to,
                                const std::string& payload) {
  return be16(from) + be16(to) + be16(8 + static_cast<unsigned>(payload.size()))
         + be16(0) + payload;
}

/// `api.example.com` as labels.
inline std::string dns_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const auto label = name.substr(0, name.find('.'));
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  return out + '\0';
}

inline std::string dns_head(unsigned answers, unsigned flags = 0x8180) {
  return be16(0x1234) + be16(flags) + be16(1) + be16(answers) + be16(0)
         + be16(0);
}

inline std::string dns_record(const std::string& name, unsigned type,
                              const std::string& value, unsigned ttl = 300) {
  return name + be16(type) + be16(1) + be16(0) + be16(ttl)
         + be16(static_cast<unsigned>(value.size())) + value;
}

/// A question for `name` and the records behind it.
inline std::string dns_message(const std::string& name, unsigned answers,
                               const std::string& records) {
  return dns_head(answers) + dns_name(name) + be16(1) + be16(1) + records;
}

template <class Integer>
std::string native_bytes(Integer x) {
  std::string out(sizeof x, '\0');
  std::memcpy(out.data(), &x, sizeof x);
  return out;
}

inline std::string nflog_attribute(std::uint16_t type,
                                   const std::string& value) {
  auto out = native_bytes(static_cast<std::uint16_t>(4 + value.size()))
             + native_bytes(type) + value;
  out.resize((out.size() + 3) / 4 * 4);
  return out;
}

inline std::string netlink_message(std::uint16_t type, std::string body) {
  const auto size = static_cast<std::uint32_t>(16 + body.size());
  body.resize((body.size() + 3) / 4 * 4);
  return native_bytes(size) + native_bytes(type) + std::string(10, '\0') + body;
}

/// A packet of group 100 that a rule logged.
inline std::string nflog_message_of(const std::string& prefix,
                                    std::uint32_t sequence,
                                    const std::string& payload) {
  return netlink_message(
      0x400, raw({2, 0, 0, 100}) + nflog_attribute(10, prefix + '\0')
                 + nflog_attribute(12, be16(sequence >> 16) + be16(sequence))
                 + nflog_attribute(9, payload));
}

} // namespace clearance::test
