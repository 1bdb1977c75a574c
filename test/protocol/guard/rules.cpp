#include "protocol/guard/rules.hpp"

#include "protocol/guard/limits.hpp"

#include <doctest/doctest.h>

#include <string>

// What the kernel makes of these texts is tested where namespaces are:
// test/end_to_end/guard.
namespace guard_rules_tests {

using namespace clearance::protocol;
using namespace std::chrono_literals;

namespace {

guard_state with(std::initializer_list<const char*> allowed,
                 std::initializer_list<const char*> denied) {
  guard_state x;
  for (const auto* text : allowed)
    x.allowed.insert(*parse_ip_range(text));
  for (const auto* text : denied)
    x.denied.insert(*parse_ip_range(text));
  return x;
}

std::size_t place(const std::string& text, const std::string& what) {
  const auto found = text.find(what);
  CAPTURE(what);
  CHECK(found != std::string::npos);
  return found;
}

const std::string table = "inet terok_guard ";

} // namespace

TEST_CASE("the rules stand in the order that decides") {
  const auto text = table_text(guard_state{});
  const auto output = text.substr(place(text, "chain output"));
  std::size_t last = 0;
  for (const auto* rule :
       {"policy drop", "oifname \"lo\" accept", "ip daddr @deny4 goto refuse",
        "ip daddr @allow4 goto pass", "ip daddr @name4 goto pass",
        "ip daddr @deny4n goto refuse", "ct state established,related",
        "ip daddr @allow4n goto pass", "goto block"}) {
    const auto at = place(output, rule);
    CHECK(at > last);
    last = at;
  }
  CHECK(text.starts_with(
      "add table inet terok_guard\ndelete table inet terok_guard\n"));
  // A new namespace has nothing that could be deleted.
  const auto first = table_text(guard_state{}, old_table::none);
  CHECK(first.find("delete") == std::string::npos);
  CHECK(text.ends_with(first));
}

TEST_CASE("a firewall that is down ends with accept, and denies stay") {
  guard_state x;
  x.mode = shield_mode::down;
  for (const auto& text : {table_text(x), mode_text(x)}) {
    const auto output = text.substr(place(text, "output"));
    CHECK(place(output, "@deny6 goto refuse") < output.size());
    CHECK(output.find("goto block") == std::string::npos);
  }
  CHECK(mode_text(x).ends_with("add rule " + table + "output accept\n"));
  CHECK(mode_text(guard_state{}).ends_with("output goto block\n"));
}

TEST_CASE("what is blocked is refused until it may wait") {
  const auto text = table_text(guard_state{});
  const auto answer = text.substr(place(text, "chain answer"));
  CHECK(answer.starts_with("chain answer {\n    goto refuse\n"));
  place(text, "held4 { type ipv4_addr . inet_proto; flags dynamic,timeout; "
              "timeout 120s;");
  CHECK(hold_text(true)
        == "flush chain " + table + "answer\nadd rule " + table
               + "answer goto hold\n");
  CHECK(hold_text(false).ends_with("answer goto refuse\n"));
  const auto datagrams = hold_datagrams_text({"eth0", "tap.1"});
  place(datagrams, "hook egress device \"eth0\" priority filter");
  place(datagrams, "hook egress device \"tap.1\" priority filter");
  // TCP waits by itself: it is dropped before it gets the mark.
  CHECK(place(datagrams, "wait meta l4proto tcp drop")
        < place(datagrams, "wait meta mark set 0x7e600001 accept"));
}

TEST_CASE("what passed the rules has a stamp, and loses it where it leaves") {
  const auto text = stamp_text({"eth0", "tap.1"}, {0x01020304, 0x00050abc});
  CHECK(place(text, "oifname \"lo\" accept") < place(
            text, "meta mark set 16909060\n    meta priority set 0005:0abc"));
  for (const auto* device : {"eth0", "tap.1"}) {
    const auto chain =
        text.substr(place(text, "hook egress device \"" + std::string{device}
                                    + "\" priority 10; policy drop;"));
    CHECK(chain.find("    meta mark 16909060 meta priority 0005:0abc meta mark"
                     " set 0 meta priority set none accept\n    counter\n  }")
          != std::string::npos);
  }
}

TEST_CASE("a device's name is no text for a rule") {
  for (const auto* name : {"eth0", "tap-1_a.7"})
    CHECK(is_plain_device(name));
  for (const auto* name : {"", "a\"b", "a b", "a{", "a\n", "\xc3\xa9"})
    CHECK_FALSE(is_plain_device(name));
}

TEST_CASE("a new table has what the state says") {
  const auto text = table_text(
      with({"203.0.113.7", "2001:db8::/32"}, {"10.0.0.0/8", "2001:db8::1"}));
  for (const auto* element :
       {"allow4 { 203.0.113.7 }", "allow6n { 2001:db8::/32 }",
        "deny4n { 10.0.0.0/8 }", "deny6 { 2001:db8::1 }"})
    place(text, "add element " + table + element + "\n");
}

TEST_CASE(
    "many targets are loaded in several transactions, denied ones first") {
  guard_state x;
  x.mode = shield_mode::down;
  const auto add = [](std::set<ip_range>& to, std::size_t count) {
    for (std::size_t i = to.size(); i < count; ++i)
      to.insert(*parse_ip_range("10.0." + std::to_string(i / 256) + '.'
                                + std::to_string(i % 256)));
  };
  constexpr auto most = guard_limits::transaction_max_elements;
  add(x.denied, most);
  CHECK(table_texts(x) == std::vector{table_text(x)});
  add(x.allowed, 1);
  const auto texts = table_texts(x);
  REQUIRE(texts.size() == 3);
  // Closed by default until everything is there.
  place(texts[0], "goto block\n  }\n");
  CHECK(texts[0].find("element " + table + "allow4 ") == std::string::npos);
  CHECK(texts[1] == "add element " + table + "allow4 { 10.0.0.0 }\n");
  CHECK(texts[2] == mode_text(x));
}

TEST_CASE("a verdict about an address changes two elements") {
  const auto target = *parse_ip_range("203.0.113.7");
  const std::string one = " { 203.0.113.7 }\n";
  CHECK(verdict_text({}, target, true, {})
        == "add element " + table + "deny4" + one + "delete element " + table
               + "deny4" + one + "add element " + table + "allow4" + one
               + "delete element " + table + "allow4" + one + "add element "
               + table + "allow4" + one);
  CHECK(verdict_text({}, *parse_ip_range("2001:db8::1"), false, 90s)
            .ends_with("add element " + table
                       + "deny6 { 2001:db8::1 timeout 90s }\n"));
}

TEST_CASE("a verdict about a network fills the sets of its family anew") {
  const auto after =
      with({"203.0.113.0/24", "8.8.8.8", "2001:db8::/32"}, {"10.0.0.0/8"});
  CHECK(verdict_text(after, *parse_ip_range("203.0.113.0/24"), true, {})
        == "flush set " + table + "allow4n\nadd element " + table
               + "allow4n { 203.0.113.0/24 }\nflush set " + table
               + "deny4n\nadd element " + table + "deny4n { 10.0.0.0/8 }\n");
}

} // namespace guard_rules_tests
