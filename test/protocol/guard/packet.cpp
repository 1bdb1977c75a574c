#include "protocol/guard/packet.hpp"

#include "protocol/guard/limits.hpp"
#include "test/support/wire/packets.hpp"

#include <doctest/doctest.h>

#include <string>

namespace guard_packet_tests {

using namespace clearance::protocol;
using namespace clearance::test;

namespace {

std::string shown(const std::string& packet) {
  const auto x = parse_packet(packet);
  if (!x)
    return "none";
  return to_string(x->destination) + ' ' + std::to_string(x->protocol) + ' '
         + std::to_string(x->port) + (x->fragment ? " fragment" : "");
}

// One extension header of 8 bytes.
std::string extension(unsigned next) {
  return raw({next, 0}) + std::string(6, '\0');
}

} // namespace

TEST_CASE("the headers say where a packet goes") {
  CHECK(shown(v4_packet(6, tcp_header(443))) == "203.0.113.7 6 443");
  CHECK(shown(v4_packet(17, udp_datagram(1, 53, "x"))) == "203.0.113.7 17 53");
  CHECK(shown(v4_packet(1, std::string(8, '\1'))) == "203.0.113.7 1 0");
  CHECK(shown(v6_packet(6, tcp_header(443))) == "2001:db8::7 6 443");
  CHECK(shown(v6_packet(58, std::string(8, '\1'))) == "2001:db8::7 58 0");
  const auto x = parse_packet(v4_packet(6, tcp_header(443)));
  CHECK(to_string(x->source) == "198.51.100.2");
  CHECK(x->source_port == 40000);
}

TEST_CASE("options and extension headers are skipped") {
  CHECK(shown(v4_packet(6, tcp_header(443), 0, std::string(8, '\1')))
        == "203.0.113.7 6 443");
  for (const unsigned kind : {0U, 43U, 60U})
    CHECK(shown(v6_packet(kind, extension(6) + tcp_header(443)))
          == "2001:db8::7 6 443");
  // The length of an authentication header counts in 4 bytes.
  CHECK(shown(v6_packet(51,
                        raw({6, 1}) + std::string(10, '\0') + tcp_header(443)))
        == "2001:db8::7 6 443");
}

TEST_CASE(
    "a packet has as many extension headers as are followed, or no port") {
  for (const std::size_t more : {0U, 1U}) {
    std::string chain;
    const auto count = guard_limits::extension_headers_max + more;
    for (std::size_t i = 0; i < count; ++i)
      chain += extension(i + 1 < count ? 60 : 6);
    CHECK(shown(v6_packet(60, chain + tcp_header(443)))
          == (more == 0 ? "2001:db8::7 6 443" : "2001:db8::7 6 0"));
  }
}

TEST_CASE("a later fragment has a destination and no port") {
  CHECK(shown(v4_packet(17, tcp_header(443), 185))
        == "203.0.113.7 17 0 fragment");
  // The first one has "more fragments" and the header.
  CHECK(shown(v4_packet(17, udp_datagram(1, 53, ""), 0x2000))
        == "203.0.113.7 17 53");
  CHECK(shown(v6_packet(44, raw({17, 0}) + be16(185 << 3) + be16(0) + be16(1)
                                + tcp_header(443)))
        == "2001:db8::7 17 0 fragment");
  CHECK(shown(v6_packet(44, raw({17, 0}) + be16(1) + be16(0) + be16(1)
                                + udp_datagram(1, 53, "")))
        == "2001:db8::7 17 53");
}

TEST_CASE("a packet that is cut keeps what was read before") {
  const auto v4 = v4_packet(6, tcp_header(443));
  for (std::size_t n = 0; n < v4.size(); ++n) {
    CAPTURE(n);
    CHECK(shown(v4.substr(0, n))
          == (n < 20   ? "none"
              : n < 24 ? "203.0.113.7 6 0"
                       : "203.0.113.7 6 443"));
  }
  const auto v6 = v6_packet(60, extension(6) + tcp_header(443));
  for (std::size_t n = 0; n < v6.size(); ++n) {
    CAPTURE(n);
    CHECK(shown(v6.substr(0, n))
          == (n < 40   ? "none"
              : n < 48 ? "2001:db8::7 60 0"
              : n < 52 ? "2001:db8::7 6 0"
                       : "2001:db8::7 6 443"));
  }
}

TEST_CASE("bytes that are no packet are none") {
  CHECK(shown("") == "none");
  CHECK(shown(std::string(60, '\0')) == "none");
  CHECK(shown(std::string(60, '\x50')) == "none");
  auto short_header = v4_packet(6, tcp_header(443));
  short_header[0] = 0x44; // 16 bytes, shorter than any header
  CHECK(shown(short_header) == "none");
}

TEST_CASE("the payload of UDP ends where the datagram or the packet ends") {
  const auto payload = [](const std::string& packet) {
    return std::string{parse_packet(packet)->udp_payload};
  };
  const auto datagram = udp_datagram(53, 4000, "answer");
  CHECK(payload(v4_packet(17, datagram)) == "answer");
  CHECK(payload(v4_packet(17, datagram + "padding")) == "answer");
  CHECK(payload(v4_packet(17, datagram.substr(0, 11))) == "ans");
  CHECK(payload(v4_packet(17, be16(53) + be16(1) + be16(7) + be16(0) + "x"))
            .empty());
  CHECK(payload(v4_packet(6, datagram)).empty());
}

} // namespace guard_packet_tests
