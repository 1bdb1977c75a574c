#include "protocol/guard/set_change.hpp"

#include "protocol/guard/wire_reader.hpp"

#include <doctest/doctest.h>

#include <ostream>

// What the kernel makes of the messages is tested where namespaces are:
// test/end_to_end/guard.
namespace guard_set_change_tests {

using namespace clearance::protocol;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

struct sent_message {
  unsigned type = 0;
  unsigned flags = 0;
  unsigned family = 0;
  unsigned resource = 0;
  std::string table;
  std::string set;
  std::string key;
  std::uint64_t timeout_ms = 0;
};

// The attributes of `bytes`, with those inside of nested ones.
void read_attributes(std::string_view bytes, int depth, sent_message& to) {
  wire_reader in(bytes);
  while (in.left() > 0) {
    const std::size_t size = in.native<std::uint16_t>();
    const unsigned type = in.native<std::uint16_t>();
    const auto value = in.take(size - 4);
    in.skip((4 - size % 4) % 4);
    REQUIRE(in.ok());
    if ((type & 0x8000U) != 0)
      read_attributes(value, depth + 1, to);
    else if (depth == 0)
      (type == 1 ? to.table : to.set) = value;
    else if (depth == 3)
      to.key = value;
    else
      for (const char c : value)
        to.timeout_ms = to.timeout_ms << 8 | static_cast<unsigned char>(c);
  }
}

std::vector<sent_message> messages_of(std::string_view bytes) {
  std::vector<sent_message> result;
  std::uint32_t next = 0;
  while (!bytes.empty()) {
    wire_reader in(bytes);
    sent_message x;
    const std::size_t size = in.native<std::uint32_t>();
    x.type = in.native<std::uint16_t>();
    x.flags = in.native<std::uint16_t>();
    CHECK(in.native<std::uint32_t>() == next++);
    CHECK(in.native<std::uint32_t>() == 0); // to the kernel
    x.family = in.u8();
    CHECK(in.u8() == 0);
    x.resource = in.u16();
    REQUIRE(size <= bytes.size());
    REQUIRE(size % 4 == 0);
    read_attributes(bytes.substr(20, size - 20), 0, x);
    bytes.remove_prefix(size);
    result.push_back(std::move(x));
  }
  return result;
}

constexpr unsigned new_element = 0xa0c;
constexpr unsigned delete_element = 0xa0e;
const std::string nul(1, '\0');

} // namespace

TEST_CASE("an address moves from one set into the other in one batch") {
  const auto all = messages_of(
      address_verdict({*parse_ip_range("203.0.113.7")}, true, std::nullopt));
  REQUIRE(all.size() == 7);
  CHECK(all.front().type == 0x10);
  CHECK(all.front().resource == 10);
  CHECK(all.back().type == 0x11);
  const std::pair<unsigned, std::string> steps[] = {{new_element, "deny4"},
                                                    {delete_element, "deny4"},
                                                    {new_element, "allow4"},
                                                    {delete_element, "allow4"},
                                                    {new_element, "allow4"}};
  for (std::size_t i = 0; i < 5; ++i) {
    const auto& x = all[i + 1];
    CAPTURE(i);
    CHECK(x.type == steps[i].first);
    CHECK(x.set == steps[i].second + nul);
    CHECK(x.table == "terok_guard" + nul);
    CHECK(x.family == 1);
    CHECK(x.key == "\xcb\x00\x71\x07"s);
    CHECK(x.timeout_ms == 0);
    // The kernel answers once, after the last one.
    CHECK(((x.flags & 4U) != 0) == (i == 4));
  }
}

TEST_CASE("a time limit is on the element that stays, in milliseconds") {
  const auto all = messages_of(address_verdict(
      {*parse_ip_range("2001:db8::7"), *parse_ip_range("192.0.2.1")}, false,
      300s));
  REQUIRE(all.size() == 12);
  for (std::size_t i = 1; i < 11; ++i) {
    CAPTURE(i);
    CHECK(all[i].timeout_ms == (i == 5 || i == 10 ? 300'000U : 0U));
    CHECK(all[i].key.size() == (i <= 5 ? 16U : 4U));
  }
  CHECK(all[5].set == "deny6" + nul);
  CHECK(all[5].key == "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"s);
  CHECK(all[10].set == "deny4" + nul);
  CHECK((all[5].flags & 4U) == 0);
  CHECK((all[10].flags & 4U) != 0);
}

TEST_CASE("addresses of a name are open for a time") {
  const auto at = [](const char* text) { return *parse_ip_address(text); };
  const auto timeouts_of = [](const std::vector<dns_address>& addresses) {
    std::vector<std::uint64_t> result;
    for (const auto& x : messages_of(open_named_addresses(addresses)))
      if (x.timeout_ms != 0)
        result.push_back(x.timeout_ms / 1000);
    return result;
  };
  const auto all =
      messages_of(open_named_addresses({{at("203.0.113.7"), 3600}}));
  REQUIRE(all.size() == 5);
  // An element that is there would keep its old time.
  CHECK(all[1].type == new_element);
  CHECK(all[2].type == delete_element);
  CHECK(all[3].type == new_element);
  for (std::size_t i = 1; i < 4; ++i)
    CHECK(all[i].set == "name4" + nul);
  CHECK((all[3].flags & 4U) != 0);
  CHECK(timeouts_of({{at("203.0.113.7"), 3600},
                     {at("2001:db8::1"), 0},
                     {at("203.0.113.8"), 0xffffffff}})
        == std::vector<std::uint64_t>{3600, 600, 86400});
}

TEST_CASE("a name opens no address of a special purpose") {
  const auto at = [](const char* text) { return *parse_ip_address(text); };
  for (const auto* special :
       {"127.0.0.1", "10.0.0.1", "169.254.169.254", "fe80::1",
        "::ffff:192.168.0.1", "::", "168.63.129.16", "192.88.99.1", "2001::1",
        "::ffff:0:10.0.0.1"})
    CHECK(open_named_addresses({{at(special), 60}}).empty());
}

TEST_CASE("names are closed by emptying their sets") {
  const auto all = messages_of(close_named_addresses());
  REQUIRE(all.size() == 4);
  for (std::size_t i = 1; i < 3; ++i) {
    CHECK(all[i].type == delete_element);
    CHECK(all[i].set == (i == 1 ? "name4" : "name6") + nul);
    CHECK(all[i].key.empty());
    CHECK(((all[i].flags & 4U) != 0) == (i == 2));
  }
}

} // namespace guard_set_change_tests
