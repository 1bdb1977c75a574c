#include "protocol/hub/own_container.hpp"

#include "test/support/wire/event_copy.hpp"

#include <doctest/doctest.h>

#include <string>

namespace own_container_tests {

using namespace clearance;
using namespace clearance::protocol;

namespace {

const std::string whole_id =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string short_form = "0123456789ab";

/// The container that the event carries when it is ours; "" if it is not.
std::string claimed(const own_container& own, event_type type,
                    const std::string& named) {
  event x;
  x.type = type;
  x.container = named;
  const auto copy = x;
  auto view = test::view_of(copy);
  const bool is_ours = own.claim(x);
  CHECK(own.claim(view) == is_ours);
  CHECK(view.container == x.container);
  return is_ours ? x.container : "";
}

constexpr event_type lifecycle[] = {
    event_type::container_started, event_type::container_exited,
    event_type::shield_up, event_type::shield_down,
    event_type::shield_disengaged};

} // namespace

TEST_CASE("every form of our id is ours, and becomes the short form") {
  for (const auto& id : {whole_id, whole_id.substr(0, 16), short_form}) {
    CAPTURE(id);
    const own_container own{id};
    CHECK(own.label() == short_form);
    for (const auto& named :
         {whole_id, whole_id.substr(0, 63), whole_id.substr(0, 20),
          whole_id.substr(0, 13), short_form}) {
      CAPTURE(named);
      CHECK(claimed(own, event_type::connection_blocked, named) == short_form);
      for (auto type : lifecycle)
        CHECK(claimed(own, type, named) == short_form);
    }
  }
}

TEST_CASE("an id of another container is refused, whatever the line says") {
  const own_container own{whole_id, "demo"};
  auto last_digit = whole_id;
  last_digit.back() = '0';
  for (const auto& named :
       {std::string{"0123456789ac"}, std::string(12, 'f'), last_digit,
        std::string(64, '0'), std::string{"0123456789AB"}}) {
    CAPTURE(named);
    CHECK(claimed(own, event_type::connection_blocked, named) == "");
    for (auto type : lifecycle)
      CHECK(claimed(own, type, named) == "");
  }
}

// `terok-shield down NAME` writes the name that its user typed.
TEST_CASE("a line that is no block is ours under any text that is no id") {
  const own_container own{whole_id};
  for (const std::string named :
       {"demo", "other", "c1", "0123456789a", "0123456789ag", "x y", "-"}) {
    CAPTURE(named);
    for (auto type : lifecycle)
      CHECK(claimed(own, type, named) == short_form);
  }
  // 65 digits are no id either
  CHECK(claimed(own, event_type::shield_down, std::string(65, 'a'))
        == short_form);
}

// Tried before: a hub executed a verdict on a container that its reader socket
// did not belong to.
TEST_CASE("a block that names another container is refused") {
  const own_container nameless{whole_id};
  const own_container own{whole_id, "demo"};
  for (const std::string named :
       {"other", "demo2", "dem", "Demo", "0123456789a"}) {
    CAPTURE(named);
    CHECK(claimed(nameless, event_type::connection_blocked, named) == "");
    CHECK(claimed(own, event_type::connection_blocked, named) == "");
  }
  CHECK(claimed(nameless, event_type::connection_blocked, "demo") == "");
  CHECK(claimed(own, event_type::connection_blocked, "demo") == short_form);
}

TEST_CASE("a container's own name counts even if it looks like an id") {
  const own_container own{whole_id, "deadbeefcafe"};
  CHECK(claimed(own, event_type::connection_blocked, "deadbeefcafe")
        == short_form);
  CHECK(claimed(own, event_type::shield_down, "deadbeefcafe") == short_form);
  CHECK(claimed(own, event_type::shield_down, "deadbeefcaff") == "");
}

// `serve --only-container NAME`: nothing is known but the name.
TEST_CASE("a lone name must be met exactly") {
  const own_container own{"demo"};
  CHECK(own.label() == "demo");
  CHECK(claimed(own, event_type::connection_blocked, "demo") == "demo");
  CHECK(claimed(own, event_type::shield_down, "demo") == "demo");
  for (const std::string named : {"", "dem", "demo2", "Demo", "0123456789ab"}) {
    CAPTURE(named);
    CHECK(claimed(own, event_type::connection_blocked, named) == "");
    CHECK(claimed(own, event_type::shield_down, named) == "");
  }
}

// supervise-child takes a name in place of the id.
TEST_CASE("a name that stands for the id is what events carry") {
  const own_container own{"a-name-that-is-long", "demo"};
  CHECK(own.label() == "a-name-that-is-long");
  for (const std::string named : {"a-name-that-is-long", "demo"})
    CHECK(claimed(own, event_type::connection_blocked, named) == own.label());
  CHECK(claimed(own, event_type::shield_down, "any") == own.label());
  CHECK(claimed(own, event_type::connection_blocked, "any") == "");
  CHECK(claimed(own, event_type::shield_down, short_form) == "");
}

} // namespace own_container_tests
