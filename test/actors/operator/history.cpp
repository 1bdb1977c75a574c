// What `History` knows of before the hub's start. Source: operator.md,
// section 2.

#include "protocol/operator/limits.hpp"
#include "test/support/fixture/operators_fixture.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace history_tests {

using namespace clearance;
using namespace clearance::test;
namespace operator_limits = protocol::operator_limits;

namespace {

struct hub_with_past : operators_fixture {
  hub_with_past()
      : operators_fixture({}, {}, actors::audit_mode::behind,
                          protocol::shield_abilities{}, true) {
    block("web", "r1", "a.org");
  }

  /// The thread of the trail has read decisions first to last.
  void past(std::uint64_t first, std::uint64_t last) {
    std::vector<protocol::decision> all;
    for (auto n = first; n <= last; ++n) {
      protocol::decision x;
      x.seq = n;
      x.result = protocol::decision_result::applied;
      x.container = "web";
      x.target = "p" + std::to_string(n);
      all.push_back(x);
    }
    audit->take_past(std::move(all));
    run();
  }

  void decide() {
    call(client(), "Decide", decision(1, 1));
    executor.succeed(0);
  }

  /// `SEQ TARGET` of each decision.
  static std::string words_of(const json& reply) {
    std::string result;
    for (const auto& x : reply["parameters"]["decisions"].as<json::array>())
      result += std::to_string(x["seq"].as<std::int64_t>()) + " "
                + x["target"].text() + ", ";
    return result;
  }
};

} // namespace

TEST_CASE("History waits for the decisions of before") {
  hub_with_past s;
  auto client = s.client();
  s.call(client, "History");
  CHECK(hub_with_past::replies(client).empty());
  CHECK_EQ(s.ask("List")["parameters"]["prompts"].as<json::array>().size(), 1);
  s.past(7, 8);
  const auto all = hub_with_past::replies(client);
  REQUIRE_EQ(all.size(), 1);
  CHECK(hub_with_past::words_of(all[0]) == "7 p7, 8 p8, ");
  s.decide();
  CHECK(hub_with_past::words_of(s.ask("History", R"({"after":7})"))
        == "8 p8, 9 a.org, ");
}

TEST_CASE("what was decided while the trail was read comes behind") {
  hub_with_past s;
  s.decide();
  s.past(7, 8);
  CHECK(hub_with_past::words_of(s.ask("History")) == "7 p7, 8 p8, 9 a.org, ");
}

TEST_CASE("History knows the newest 1000 decisions, those of before included") {
  hub_with_past s;
  s.decide();
  s.past(1, operator_limits::history_max_decisions);
  const auto reply = s.ask("History");
  const auto& all = reply["parameters"]["decisions"].as<json::array>();
  REQUIRE_EQ(all.size(), operator_limits::history_max_decisions);
  CHECK(all.front()["target"].text() == "p2");
  CHECK(all.back()["target"].text() == "a.org");
}

TEST_CASE("History does not wait for a disk that does not answer") {
  hub_with_past s;
  auto client = s.client();
  s.call(client, "History");
  s.pass(operator_limits::history_read_deadline);
  REQUIRE_EQ(hub_with_past::replies(client).size(), 1);
  CHECK(hub_with_past::words_of(s.ask("History")).empty()); // at once
  s.past(1, 2); // too late for the first, not for the next
  CHECK(hub_with_past::words_of(s.ask("History")) == "1 p1, 2 p2, ");
}

} // namespace history_tests
