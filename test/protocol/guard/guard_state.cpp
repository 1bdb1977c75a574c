#include "protocol/guard/guard_state.hpp"

#include "protocol/guard/limits.hpp"

#include <doctest/doctest.h>

#include <string>

namespace guard_state_tests {

using namespace clearance::protocol;

namespace {

guard_state sample() {
  guard_state x;
  x.container = "6f1d2c3b4a5968778695a4b3c2d1e0ff";
  x.name = "web-1";
  x.pid = 4711;
  x.start_time = 123456789;
  x.user_namespace = 4026531837;
  x.net_namespace = 4026532000;
  x.guard = 4712;
  x.guard_start_time = 13;
  x.mode = shield_mode::down;
  x.allowed = {*parse_ip_range("203.0.113.7"),
               *parse_ip_range("2001:db8::/32")};
  x.denied = {*parse_ip_range("10.0.0.0/8")};
  x.forwarder = true;
  x.names = {"api.example.com", "**.example.org"};
  return x;
}

std::string fault(const std::string& text) {
  const auto x = parse_state(text);
  const auto* why = std::get_if<std::string>(&x);
  return why == nullptr ? "" : *why;
}

} // namespace

TEST_CASE("a state is read as it was written") {
  const auto text = state_text(sample());
  CHECK(text
        == "terok-guard 1\n"
           "container 6f1d2c3b4a5968778695a4b3c2d1e0ff\n"
           "name web-1\n"
           "pid 4711\n"
           "start-time 123456789\n"
           "user-namespace 4026531837\n"
           "net-namespace 4026532000\n"
           "guard 4712\n"
           "guard-start-time 13\n"
           "shield down\n"
           "forwarder yes\n"
           "allow 203.0.113.7\n"
           "allow 2001:db8::/32\n"
           "deny 10.0.0.0/8\n"
           "allow-name **.example.org\n"
           "allow-name api.example.com\n");
  CHECK(std::get<guard_state>(parse_state(text)) == sample());
  auto bare = sample();
  bare.name.clear();
  bare.allowed.clear();
  bare.denied.clear();
  bare.names.clear();
  bare.forwarder = false;
  bare.mode = shield_mode::up;
  CHECK(std::get<guard_state>(parse_state(state_text(bare))) == bare);
}

TEST_CASE("a state that is cut, changed or too large is refused") {
  const auto text = state_text(sample());
  for (std::size_t n = 0; n < text.size(); ++n) {
    // A text that ends behind a target's line is a whole one.
    const auto x = parse_state(text.substr(0, n));
    if (const auto* whole = std::get_if<guard_state>(&x))
      CHECK(state_text(*whole) == text.substr(0, n));
  }
  CHECK(fault("") == "does not begin with `terok-guard 1`");
  CHECK(fault("terok-guard 2" + text.substr(13))
        == "does not begin with `terok-guard 1`");
  const auto changed = [&text](const std::string& what, const std::string& to) {
    auto x = text;
    return fault(x.replace(x.find(what), what.size(), to));
  };
  CHECK(changed("container 6f", "container ../")
        == "has no usable container and name");
  CHECK(changed("name web-1\n", "") == "has no usable container and name");
  for (const auto* bad :
       {"pid -1", "pid 04711", "pid ", "pid 47x", "pid 99999999999999999999"})
    CHECK(changed("pid 4711", bad) == "has no usable process and namespaces");
  CHECK(changed("shield down", "shield off")
        == "does not say whether the shield is up");
  for (const auto* bad : {"allow 203.0.113.7/32", "allow example.com", "permit",
                          "allow", "deny 203.0.113.7", "allow ffff::"})
    CHECK(changed("allow 203.0.113.7", bad) == "has a line that is no target");
  CHECK(changed("forwarder yes", "forwarder 1")
        == "does not say whether there is a forwarder");
  for (const auto* bad :
       {"allow-name API.example.com", "allow-name a..b", "allow-name *x",
        "allow-name api.example.com.", "allow-name **.example.org"})
    CHECK(changed("allow-name api.example.com", bad)
          == "has a line that is no target");
  CHECK(fault(text + "deny 10.0.0.0/8\n") == "has a line that is no target");
  CHECK(fault(text + std::string(guard_limits::state_max_bytes, ' '))
        == "is larger than a state file");
}

TEST_CASE("the largest state fits into its file") {
  auto x = sample();
  x.allowed.clear();
  x.names.clear();
  for (std::size_t i = 0; i < guard_limits::state_max_names; ++i)
    x.names.insert("**." + std::string(63, 'a') + '.' + std::string(63, 'b')
                   + '.' + std::string(63, 'c') + '.' + std::string(50, 'd')
                   + std::to_string(1000 + i));
  for (std::size_t i = 0; i < guard_limits::state_max_targets - 1; ++i) {
    // Their texts are as long as a target's can be.
    ip_range target;
    target.base.bytes.fill(0xaa);
    target.base.bytes[14] = static_cast<std::uint8_t>(0x80 | i >> 8);
    target.base.bytes[15] = static_cast<std::uint8_t>(i & 255);
    x.allowed.insert(target);
  }
  const auto text = state_text(x);
  CHECK(text.size() <= guard_limits::state_max_bytes);
  CHECK(std::get<guard_state>(parse_state(text)) == x);
}

TEST_CASE("a verdict moves a target from one set into the other") {
  auto x = sample();
  const auto target = *parse_ip_range("203.0.113.7");
  CHECK(set_target(x, target, false, false) == target_change::done);
  CHECK(x.denied.contains(target));
  CHECK_FALSE(x.allowed.contains(target));
  // With a time limit the kernel alone remembers it.
  CHECK(set_target(x, target, true, true) == target_change::done);
  CHECK_FALSE(x.denied.contains(target));
  CHECK_FALSE(x.allowed.contains(target));
}

TEST_CASE("one target too many is refused, and one that is there is not") {
  auto x = sample();
  x.denied.clear();
  x.allowed.clear();
  auto target = *parse_ip_range("10.0.0.0");
  for (std::size_t i = 0; i < guard_limits::state_max_targets; ++i) {
    target.base.bytes[14] = static_cast<std::uint8_t>(i >> 8);
    target.base.bytes[15] = static_cast<std::uint8_t>(i & 255);
    REQUIRE(set_target(x, target, true, false) == target_change::done);
  }
  CHECK(set_target(x, target, true, false) == target_change::done);
  const auto before = x;
  CHECK(set_target(x, *parse_ip_range("::1"), true, false)
        == target_change::too_many);
  CHECK(set_target(x, *parse_ip_range("::1"), false, false)
        == target_change::too_many);
  CHECK(x == before);
  CHECK(set_target(x, *parse_ip_range("::1"), true, true)
        == target_change::done);
  CHECK(set_target(x, target, false, false) == target_change::done);
}

TEST_CASE("an allowed name is exact unless it says otherwise") {
  const auto x = sample();
  CHECK(is_allowed_name(x, "api.example.com"));
  CHECK(is_allowed_name(x, "a.example.org"));
  CHECK(is_allowed_name(x, "a.b.example.org"));
  for (const auto* other : {"x.api.example.com", "example.com", "example.org",
                            "badexample.org", ""})
    CHECK_FALSE(is_allowed_name(x, other));
}

TEST_CASE("a container is called by its id, the id's beginning or its name") {
  const auto x = sample();
  CHECK(is_called(x, x.container));
  CHECK(is_called(x, "6f1d2c3b4a59"));
  CHECK(is_called(x, "web-1"));
  for (const auto* bad : {"", "6f1d2c3b4a5", "6f1d2c3b4a596", "web", "WEB-1"})
    CHECK_FALSE(is_called(x, bad));
  auto nameless = x;
  nameless.name.clear();
  CHECK_FALSE(is_called(nameless, ""));
}

TEST_CASE("a name fits into a file's name and into a line") {
  for (const auto& good :
       {std::string{"a"}, std::string{"web-1.x_Y"}, std::string(64, 'a')})
    CHECK(is_guard_name(good));
  for (const auto& bad :
       {std::string{}, std::string{"."}, std::string{".."}, std::string{"-a"},
        std::string{"a/b"}, std::string{"a b"}, std::string{"a\n"},
        std::string(65, 'a'), std::string{"\xc3\xa4"}})
    CHECK_FALSE(is_guard_name(bad));
}

} // namespace guard_state_tests
