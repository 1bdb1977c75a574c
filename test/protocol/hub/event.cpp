#include "protocol/hub/event.hpp"

#include "test/support/wire/event_copy.hpp"
#include "test/support/wire/wire_event.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>

namespace event_tests {

namespace {

using namespace clearance;
using protocol::event;
using protocol::event_type;

struct spelled {
  event_type type;
  const char* word;
};

constexpr std::array types{
    spelled{event_type::connection_blocked, "connection_blocked"},
    spelled{event_type::container_started, "container_started"},
    spelled{event_type::container_exited, "container_exited"},
    spelled{event_type::shield_up, "shield_up"},
    spelled{event_type::shield_down, "shield_down"},
    spelled{event_type::shield_disengaged, "shield_disengaged"},
    spelled{event_type::verdict_applied, "verdict_applied"},
};

std::string encoded(const event& x) {
  std::string out;
  encode(x, out);
  return out;
}

event full() {
  event x;
  x.container = "c";
  x.request_id = "c:1";
  x.dest = "203.0.113.7";
  x.port = 443;
  x.proto = 6;
  x.domain = R"(a"b\c)";
  x.action = "allow";
  x.ok = true;
  x.reason = "poststop";
  x.dossier = {{"task", "t42"}, {"caf\u00e9\n", ""}};
  return x;
}

} // namespace

TEST_CASE("all eleven fields are there in their order, with zero values") {
  using namespace std::string_literals;
  CHECK(encoded({})
        == R"({"continues":true,"parameters":{"event":{)"
           R"("type":"connection_blocked","container":"","request_id":"",)"
           R"("dest":"","port":0,"proto":0,"domain":"","action":"",)"
           R"("ok":false,"reason":"","dossier":{}}}})"
           "\0"s);
}

TEST_CASE("an event with all fields has exactly these bytes") {
  using namespace std::string_literals;
  CHECK(encoded(full())
        == R"({"continues":true,"parameters":{"event":{)"
           R"("type":"connection_blocked","container":"c",)"
           R"("request_id":"c:1","dest":"203.0.113.7","port":443,)"
           R"("proto":6,"domain":"a\"b\\c","action":"allow","ok":true,)"
           R"("reason":"poststop",)"
           "\"dossier\":{\"task\":\"t42\",\"caf\u00e9\\n\":\"\"}}}}\0"s);
}

TEST_CASE("events are appended to what is there") {
  std::string out = "before";
  protocol::encode({}, out);
  encode(full(), out);
  CHECK(out == "before" + encoded({}) + encoded(full()));
}

TEST_CASE("a quote is escaped in every text") {
  auto plain = full();
  plain.domain = "api.example.com";
  plain.dossier = {{"task", "t42"}, {"name", "blue-fox"}};
  const auto bytes = encoded(plain);
  CHECK(protocol::encoded_size(plain) == bytes.size());
  std::string same(bytes.size(), '?');
  CHECK(encode_plain(plain, same.data()));
  CHECK(same == bytes);
  same.assign(bytes.size(), '?');
  CHECK(protocol::encoded_size(test::view_of(plain)) == bytes.size());
  encode_unescaped(test::view_of(plain), same.data());
  CHECK(same == bytes);
  auto x = plain;
  for (auto* text : {&x.container, &x.request_id, &x.dest, &x.domain, &x.action,
                     &x.reason, &x.dossier[1].first, &x.dossier[1].second}) {
    const auto value = "\"" + *text + "\"";
    auto expected = bytes;
    expected.replace(expected.find(value), value.size(),
                     R"("\")" + value.substr(1));
    text->insert(0, 1, '"');
    CHECK(encoded(x) == expected);
    CHECK(protocol::encoded_size(x) < expected.size());
    std::string memory(protocol::encoded_size(x), '?');
    CHECK_FALSE(encode_plain(x, memory.data()));
    text->erase(0, 1);
  }
}

// Short texts are copied in other ways than long ones.
TEST_CASE("a text of any length is encoded whole") {
  auto x = full();
  x.dossier = {{"task", "t42"}}; // no text needs an escape
  x.domain = "?";
  const auto bytes = encoded(x);
  for (std::size_t size = 0; size < 100; ++size) {
    x.domain.clear();
    for (std::size_t i = 0; i < size; ++i)
      x.domain += static_cast<char>('a' + i % 26);
    auto expected = bytes;
    expected.replace(expected.find('?'), 1, x.domain);
    CHECK(encoded(x) == expected);
    std::string same(expected.size(), '?');
    encode_unescaped(test::view_of(x), same.data());
    CHECK(same == expected);
  }
}

TEST_CASE("every type has its word on the wire") {
  for (const auto& [type, word] : types) {
    CHECK(to_string(type) == word);
    event x;
    x.type = type;
    auto bytes = encoded(x);
    REQUIRE(bytes.back() == '\0');
    bytes.pop_back();
    CHECK(test::wire_event::of_reply(bytes).type == word);
  }
}

TEST_CASE("integers keep all their digits") {
  event x;
  x.port = std::numeric_limits<std::int64_t>::min();
  x.proto = std::numeric_limits<std::int64_t>::max();
  CHECK(encoded(x).find(R"("port":-9223372036854775808,)"
                        R"("proto":9223372036854775807,)")
        != std::string::npos);
}

TEST_CASE("a cleared event is equal to a new one") {
  auto x = full();
  x.type = event_type::shield_up;
  x.clear();
  CHECK(x == event{});
}

TEST_CASE("a verdict names the domain if there is one, else the address") {
  auto x = full();
  CHECK(x.target() == x.domain);
  x.domain.clear();
  CHECK(x.target() == "203.0.113.7");
}

} // namespace event_tests
