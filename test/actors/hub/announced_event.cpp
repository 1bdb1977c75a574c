#include "actors/hub/announced_event.hpp"

#include "test/support/wire/event_copy.hpp"

#include <doctest/doctest.h>

#include <string>

namespace announced_event_tests {

using namespace clearance;
using actors::announced_event;

namespace {

protocol::event block() {
  protocol::event x;
  x.type = protocol::event_type::connection_blocked;
  x.container = "c1";
  x.request_id = "c1:1";
  x.dest = "203.0.113.7";
  x.port = 443;
  x.proto = 6;
  return x;
}

std::string encoded(const protocol::event& x) {
  std::string result;
  encode(x, result);
  return result;
}

} // namespace

TEST_CASE("an announced event holds what a verdict must name") {
  announced_event x{block()};
  CHECK(x.type() == protocol::event_type::connection_blocked);
  CHECK(x.container() == "c1");
  CHECK(x.request_id() == "c1:1");
  CHECK(x.target() == "203.0.113.7");
}

TEST_CASE("an announced event's target is the domain if there is one") {
  auto what = block();
  what.domain = "example.org";
  announced_event x{what};
  CHECK(x.target() == "example.org");
  CHECK(x.wire() == encoded(what));
}

TEST_CASE("an announced event holds its encoded bytes, NUL included") {
  announced_event x{block()};
  CHECK(x.wire() == encoded(block()));
  CHECK(x.wire().back() == '\0');
  CHECK(x.wire().find("c1") > 0); // without the texts before it
}

TEST_CASE("an announced event of plain texts holds the same") {
  for (const auto* domain : {"", "example.org"}) {
    auto what = block();
    what.domain = domain;
    const announced_event x{test::view_of(what)};
    const announced_event same{what};
    CHECK(x.wire() == encoded(what));
    CHECK(x.type() == same.type());
    CHECK(x.container() == same.container());
    CHECK(x.request_id() == same.request_id());
    CHECK(x.target() == same.target());
    CHECK(x.dest() == same.dest());
    CHECK(x.domain() == same.domain());
    CHECK(x.port() == same.port());
    CHECK(x.proto() == same.proto());
    CHECK(x.bytes() == x.wire().size()); // which holds its texts
  }
}

TEST_CASE("an announced event escapes its texts") {
  auto what = block();
  what.domain = "a\"b";
  announced_event x{what};
  CHECK(x.target() == what.domain);
  CHECK(x.dest() == what.dest);
  CHECK(x.wire() == encoded(what));
  CHECK(x.bytes()
        == x.wire().size() + x.container().size() + x.request_id().size()
               + x.target().size() + x.dest().size());
}

TEST_CASE("an announced event without fields has empty texts") {
  protocol::event what;
  what.type = protocol::event_type::shield_up;
  announced_event x{what};
  CHECK(x.container().empty());
  CHECK(x.request_id().empty());
  CHECK(x.target().empty());
  CHECK(x.wire() == encoded(what));
}

TEST_CASE("all of an announced event's buffer is charged") {
  announced_event x{block()};
  CHECK(x.bytes()
        == x.wire().size() + x.container().size() + x.request_id().size()
               + x.target().size());
}

TEST_CASE("an announced event that was handed stays handed") {
  const announced_event x{block()};
  CHECK_FALSE(x.handed());
  x.hand();
  CHECK(x.handed());
  x.hand();
  CHECK(x.handed());
}

} // namespace announced_event_tests
