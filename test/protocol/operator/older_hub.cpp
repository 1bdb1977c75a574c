#include "protocol/operator/older_hub.hpp"

#include "protocol/operator/client_limits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace older_hub_tests {

using namespace clearance::protocol;

namespace {

event block(const std::string& container, const std::string& id,
            const std::string& dest, const std::string& domain = "") {
  event x;
  x.container = container;
  x.request_id = id;
  x.dest = dest;
  x.domain = domain;
  x.port = 443;
  x.proto = 6;
  return x;
}

event end_of(const std::string& container,
             event_type type = event_type::container_exited) {
  event x;
  x.type = type;
  x.container = container;
  return x;
}

event verdict_on(const std::string& container, const std::string& id,
                 bool is_ok) {
  event x;
  x.type = event_type::verdict_applied;
  x.container = container;
  x.request_id = id;
  x.action = "allow";
  x.ok = is_ok;
  return x;
}

bool has_flag(const listed_prompt& x, const std::string& flag) {
  return std::find(x.flags.begin(), x.flags.end(), flag) != x.flags.end();
}

} // namespace

TEST_CASE("blocks of one container and target are one prompt") {
  older_hub hub;
  auto first = hub.take(block("c", "c:1", "203.0.113.1", "a.example"), 10);
  REQUIRE(first.prompt.has_value());
  CHECK(first.prompt->target == "a.example");
  CHECK(first.prompt->revision == 1);
  CHECK(first.prompt->count == 1);
  auto again = hub.take(block("c", "c:2", "203.0.113.1", "a.example"), 20);
  CHECK(again.prompt->id == first.prompt->id);
  CHECK(again.prompt->revision == 1);
  CHECK(again.prompt->count == 2);
  CHECK(again.prompt->first_seen == 10);
  CHECK(again.prompt->last_seen == 20);
  auto other = hub.take(block("d", "d:1", "203.0.113.1", "a.example"), 30);
  CHECK(other.prompt->id != first.prompt->id);
  // A verdict goes to the newest block.
  auto open = hub.block_of(first.prompt->id);
  REQUIRE(open.has_value());
  CHECK(open->container == "c");
  CHECK(open->request_id == "c:2");
  CHECK(open->dest == "a.example");
}

TEST_CASE("another address is another revision") {
  older_hub hub;
  hub.take(block("c", "1", "203.0.113.1", "a.example"), 0);
  auto x = hub.take(block("c", "2", "10.0.0.1", "a.example"), 0);
  CHECK(x.prompt->revision == 2);
  CHECK(x.prompt->addresses
        == std::vector<std::string>{"203.0.113.1", "10.0.0.1"});
  CHECK(has_flag(*x.prompt, "private_address"));
}

TEST_CASE("flags are found without the hub") {
  older_hub hub;
  auto x = hub.take(block("c", "1", "169.254.169.254"), 0);
  CHECK(has_flag(*x.prompt, "metadata_service"));
  CHECK(has_flag(*x.prompt, "no_name"));
  CHECK_FALSE(x.prompt->opens.empty());
}

TEST_CASE("a network is flagged, and a container's id that was cut is left") {
  older_hub hub;
  CHECK(has_flag(*hub.take(block("c", "1", "0.0.0.0/0"), 0).prompt,
                 "wide_target"));
  CHECK_FALSE(has_flag(*hub.take(block("c", "1", "", "a.org"), 0).prompt,
                       "wide_target"));
  const auto cut = std::string(253, 'c') + "...";
  CHECK_FALSE(hub.take(block(cut, "1", "203.0.113.1"), 0).prompt.has_value());
}

TEST_CASE("a verdict decides, a failed one leaves the prompt waiting") {
  older_hub hub;
  auto id = hub.take(block("c", "c:1", "203.0.113.1"), 0).prompt->id;
  CHECK_FALSE(hub.take(verdict_on("c", "c:9", true), 1).prompt.has_value());
  auto failed = hub.take(verdict_on("c", "c:1", false), 1);
  CHECK(failed.prompt->state == prompt_state::waiting);
  CHECK(failed.prompt->decision->result == decision_result::failed);
  auto done = hub.take(verdict_on("c", "c:1", true), 2);
  CHECK(done.prompt->id == id);
  CHECK(done.prompt->state == prompt_state::decided);
  CHECK(done.prompt->decision->action == action::allow);
  CHECK_FALSE(hub.block_of(id).has_value());
  // The same target again is a new question.
  auto next = hub.take(block("c", "c:2", "203.0.113.1"), 3);
  CHECK(next.removed == std::vector<std::string>{id});
  CHECK(next.prompt->id != id);
}

TEST_CASE("the end of a container or of its firewall ends its prompts") {
  for (auto type : {event_type::container_exited, event_type::shield_down,
                    event_type::shield_disengaged}) {
    older_hub hub;
    auto a = hub.take(block("c", "1", "203.0.113.1"), 0).prompt->id;
    auto b = hub.take(block("c", "2", "203.0.113.2"), 0).prompt->id;
    hub.take(block("d", "3", "203.0.113.1"), 0);
    CHECK(hub.take(end_of("c", type), 0).removed
          == std::vector<std::string>{a, b});
    CHECK(hub.size() == 1);
  }
}

TEST_CASE("at the limit the oldest prompt is forgotten") {
  older_hub hub;
  const auto max = client_limits::folded_prompts_max;
  const auto first = hub.take(block("c", "0", "0"), 0).prompt->id;
  for (std::size_t i = 1; i < max; ++i)
    CHECK(hub.take(block("c", "1", std::to_string(i)), 0).removed.empty());
  CHECK(hub.take(block("c", "1", "one more"), 0).removed
        == std::vector<std::string>{first});
  CHECK(hub.size() == max);
}

} // namespace older_hub_tests
