#include "protocol/guard/nflog.hpp"

#include "protocol/guard/limits.hpp"
#include "test/support/wire/packets.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace guard_nflog_tests {

using namespace clearance::protocol;
using namespace clearance::test;

namespace {

// What a datagram says, message by message.
std::vector<std::string> said(const std::string& datagram) {
  using kind = nflog_message::kind;
  std::vector<std::string> result;
  nflog_datagram in(datagram);
  while (const auto x = in.next()) {
    if (x->what == kind::packet)
      result.push_back(std::to_string(x->packet.group) + ' '
                       + std::string{x->packet.prefix} + ' '
                       + std::to_string(x->packet.sequence.value_or(0)) + ' '
                       + std::string{x->packet.payload});
    else if (x->what == kind::answer)
      result.push_back("errno " + std::to_string(x->answer.error));
    else
      result.emplace_back("other");
  }
  if (in.malformed())
    result.emplace_back("malformed");
  return result;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("a datagram holds messages") {
  const auto one = nflog_message_of("BLOCKED", 7, "packet");
  const auto two = nflog_message_of("ANSWER", 0xfffffffe, "x");
  CHECK(said("") == lines{});
  CHECK(said(one) == lines{"100 BLOCKED 7 packet"});
  CHECK(said(one + two)
        == lines{"100 BLOCKED 7 packet", "100 ANSWER 4294967294 x"});
  CHECK(said(netlink_message(2, native_bytes(-1) + std::string(16, '\0')))
        == lines{"errno 1"});
  CHECK(said(netlink_message(2, native_bytes(0)) + one)
        == lines{"errno 0", "100 BLOCKED 7 packet"});
  CHECK(said(netlink_message(3, "")) == lines{"other"}); // NLMSG_DONE
}

TEST_CASE("a datagram that is cut anywhere gives only whole messages") {
  const auto one = nflog_message_of("BLOCKED", 7, "packet!!");
  const auto both = one + one;
  for (std::size_t n = 1; n < both.size(); ++n) {
    CAPTURE(n);
    const auto x = said(both.substr(0, n));
    if (n == one.size())
      CHECK(x == lines{"100 BLOCKED 7 packet!!"});
    else if (n < one.size())
      CHECK(x == lines{"malformed"});
    else
      CHECK(x == lines{"100 BLOCKED 7 packet!!", "malformed"});
  }
}

TEST_CASE("lengths that lie are malformed") {
  auto with_size = [](std::uint32_t size) {
    auto x = nflog_message_of("BLOCKED", 7, "packet");
    x.replace(0, 4, native_bytes(size));
    return said(x);
  };
  for (const std::uint32_t size : {0U, 1U, 15U, 16U, 19U, 4096U, 0xffffffffU}) {
    CAPTURE(size);
    CHECK(with_size(size) == lines{"malformed"});
  }
  const auto attribute = [](std::uint16_t size) {
    return said(netlink_message(0x400, raw({2, 0, 0, 100}) + native_bytes(size)
                                           + native_bytes(std::uint16_t{9})
                                           + std::string(8, 'x')));
  };
  CHECK(attribute(12) == lines{"100  0 xxxxxxxx"});
  for (const int size : {0, 1, 3, 13, 65535})
    CHECK(attribute(static_cast<std::uint16_t>(size)) == lines{"malformed"});
  // The smallest integer has no positive counterpart.
  CHECK(said(netlink_message(2, native_bytes(std::int32_t{-2147483647 - 1})))
        == lines{"malformed"});
  CHECK(said(netlink_message(2, "abc")) == lines{"malformed"});
}

TEST_CASE("a request is a message for one group") {
  const auto bind =
      nflog_request(guard_limits::block_group, nflog_setting::bind);
  CHECK(bind
        == native_bytes(std::uint32_t{28}) + native_bytes(std::uint16_t{0x401})
               + native_bytes(std::uint16_t{5}) + std::string(8, '\0')
               + raw({0, 0, 0, 100}) + native_bytes(std::uint16_t{5})
               + native_bytes(std::uint16_t{1}) + raw({1, 0, 0, 0}));
  const auto mode = nflog_request(258, nflog_setting::copy_max, 128);
  CHECK(mode.substr(16)
        == raw({0, 0, 1, 2}) + native_bytes(std::uint16_t{10})
               + native_bytes(std::uint16_t{2})
               + raw({0, 0, 0, 128, 2, 0, 0, 0}));
  for (const auto what : {nflog_setting::threshold, nflog_setting::timeout})
    CHECK(nflog_request(1, what, 0x01020304).substr(24) == raw({1, 2, 3, 4}));
  CHECK(nflog_request(1, nflog_setting::sequence).substr(24)
        == raw({0, 1, 0, 0}));
}

} // namespace guard_nflog_tests
