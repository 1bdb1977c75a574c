#include "protocol/operator/prompt_table.hpp"

#include "protocol/text/text.hpp"

#include <doctest/doctest.h>

#include <string>

namespace prompt_table_tests {

using namespace clearance::protocol;

namespace {

event block_of(const std::string& container, const std::string& domain,
               const std::string& dest = "192.0.2.1") {
  event x;
  x.container = container;
  x.domain = domain;
  x.dest = dest;
  x.port = 443;
  x.proto = 6;
  return x;
}

struct table_stage {
  explicit table_stage(prompt_limits limits = {}) : table("boot", limits) {
    // nop
  }

  const prompt* block(event x) {
    x.request_id = "r" + std::to_string(++generation);
    return table.block(x, generation, now);
  }

  prompt_table table;
  std::uint64_t generation = 0;
  prompt_time now{time_point{std::chrono::hours{1}}, 1'000'000};
};

prompt_table::wish wish_to(action what) {
  prompt_table::wish result;
  result.what = what;
  return result;
}

} // namespace

TEST_CASE("all spellings of a target are one prompt") {
  table_stage x;
  const auto* first = x.block(block_of("web", "Example.org"));
  REQUIRE(first != nullptr);
  const auto number = first->number;
  CHECK_EQ(x.block(block_of("web", "EXAMPLE.org."))->number, number);
  CHECK_EQ(x.block(block_of("web", "example.org"))->count, 3);
  CHECK_EQ(x.table.find(number)->target, "Example.org");
  CHECK_EQ(x.table.find(number)->revision, 1);
  CHECK_NE(x.block(block_of("db", "example.org"))->number, number);
  CHECK_EQ(x.block(block_of("web", "", "2001:db8::1"))->number,
           x.block(block_of("web", "", "2001:DB8:0::1"))->number);
}

TEST_CASE("a domain that reads like an address is not that address") {
  table_stage x;
  const auto* claim = x.block(block_of("web", "192.0.2.1"));
  CHECK(claim->flags.has(flag::bad_name));
  const auto number = claim->number;
  const auto* address = x.block(block_of("web", ""));
  CHECK_NE(address->number, number);
  CHECK_FALSE(address->flags.has(flag::bad_name));
}

TEST_CASE("an address field that is no single address flags the target") {
  table_stage x;
  for (const auto* dest : {"0.0.0.0/0", "192.0.2.0/24", "2001:db8::/32", "any"})
    CHECK(x.block(block_of("web", "", dest))->flags.has(flag::wide_target));
  const auto* named = x.block(block_of("web", "example.org"));
  CHECK(named->flags.empty());
  CHECK_EQ(named->revision, 1);
  named = x.block(block_of("web", "example.org", "0.0.0.0/0"));
  CHECK(named->flags.has(flag::wide_target));
  CHECK_EQ(named->revision, 2);
  named = x.block(block_of("web", "example.org", "0.0.0.0/1"));
  CHECK_EQ(named->revision, 2); // a flag comes once
  CHECK(x.block(block_of("db", "example.org", ""))->flags.empty());
}

// Two containers were one prompt, and a verdict on it named neither.
TEST_CASE("a container whose id was cut has no prompt") {
  table_stage x;
  const auto id_of = [](std::size_t size) {
    std::string result(size, 'c');
    sanitise(result);
    return result;
  };
  CHECK(x.block(block_of(id_of(256), "a.org")) != nullptr);
  for (const std::size_t size : {257, 300, 301})
    CHECK(x.block(block_of(id_of(size), "a.org")) == nullptr);
  CHECK_EQ(x.table.size(), 1);
  CHECK_EQ(x.table.unrecorded(), 3);
}

TEST_CASE("a hint at another container does not mislead") {
  table_stage x;
  const auto fold = [&](const char* container, slot_link hint) {
    return x.table.block(
        {container, "a.org", "192.0.2.1", 443, 6, {{++x.generation}, hint}},
        [] { return dossier{}; }, x.now);
  };
  const auto web = fold("web", 3)->number;
  const auto db = fold("db", 3)->number;
  CHECK_NE(web, db);
  CHECK_EQ(fold("web", 3)->number, web);
  CHECK_EQ(fold("web", 4)->number, web);
  CHECK_EQ(fold("db", 4)->number, db);
  CHECK_EQ(fold("db", 0xfffffff0U)->number, db);
  // A container that is gone leaves no hint behind.
  for (const auto* name : {"web", "db"}) {
    event ended;
    ended.type = event_type::container_exited;
    ended.container = name;
    x.table.lifecycle(ended, x.now);
  }
  x.now.steady += operator_limits::prompt_retention;
  x.table.expire(x.now);
  CHECK_EQ(x.table.containers(), 0);
  CHECK_EQ(fold("other", 4)->container->name, "other");
  CHECK_EQ(fold("web", 3)->container->name, "web");
}

TEST_CASE("ids begin with the boot id and are read strictly") {
  table_stage x;
  const auto* known = x.block(block_of("web", "a.org"));
  CHECK_EQ(x.table.id_of(known->number), "boot-1");
  CHECK_EQ(x.table.find("boot-1"), known);
  for (const auto* id :
       {"", "boot", "boot-", "boot-2", "boot-01", "boot-1x", "boot--1",
        "boot-+1", "boo-1", "other-1", "1", "boot-18446744073709551617"})
    CHECK_MESSAGE(x.table.find(id) == nullptr, id);
}

TEST_CASE("rotating addresses change the revision by a new flag alone") {
  table_stage x;
  auto revision = [&](const char* address) {
    return x.block(block_of("web", "a.org", address))->revision;
  };
  CHECK_EQ(revision("192.0.2.1"), 1);
  for (int i = 2; i < 40; ++i)
    CHECK_EQ(revision(("192.0.2." + std::to_string(i)).c_str()), 1);
  const auto* known = x.table.find("boot-1");
  CHECK_EQ(known->addresses.size(), 16);
  CHECK_EQ(known->more_addresses, 23);
  // A flag of an address that is not listed counts, once.
  CHECK_EQ(revision("10.0.0.1"), 2);
  CHECK(x.table.find("boot-1")->flags.has(flag::private_address));
  CHECK_EQ(revision("10.0.0.2"), 2);
}

TEST_CASE("a deny needs no current revision, an allow does") {
  table_stage x;
  x.block(block_of("web", "a.org"));
  x.block(block_of("web", "a.org", "10.0.0.1"));
  auto allow = x.table.start("boot-1", 1, wish_to(action::allow), x.now);
  REQUIRE(std::holds_alternative<prompt_table::prompt_changed>(allow));
  CHECK_EQ(std::get<prompt_table::prompt_changed>(allow).current->revision, 2);
  auto deny = x.table.start("boot-1", 1, wish_to(action::deny), x.now);
  CHECK(std::holds_alternative<prompt_table::decision_started>(deny));
}

TEST_CASE("a decision says who, when, and how long the prompt waited") {
  table_stage x;
  x.block(block_of("web", "a.org"));
  x.now.wall += 5'000'000;
  auto wish = wish_to(action::allow);
  wish.by.uid = 1000;
  wish.by.name = "terminal";
  wish.reason = "needed";
  wish.seconds = 60;
  REQUIRE(std::holds_alternative<prompt_table::decision_started>(
      x.table.start("boot-1", 1, wish, x.now)));
  x.now.wall += 1'000'000;
  auto done = x.table.finish(1, prompt_table::execution::applied, "", x.now);
  REQUIRE(done.what != nullptr);
  const auto& made = *done.what->decision;
  CHECK_EQ(made.seq, 1);
  CHECK_EQ(made.prompt, "boot-1");
  CHECK_EQ(made.by, wish.by);
  CHECK_EQ(made.at, 6'000'000);
  CHECK_EQ(made.waited, 5'000'000);
  CHECK_EQ(made.until, 67'000'000);
  CHECK_EQ(made.reason, "needed");
  CHECK_EQ(made.container, "web");
  CHECK_EQ(made.target, "a.org");
  CHECK_EQ(made.result, decision_result::applied);
}

TEST_CASE("a target that was allowed and is blocked again is a new prompt") {
  table_stage x;
  x.block(block_of("web", "a.org"));
  auto wish = wish_to(action::allow);
  wish.by.what = decider::kind::policy;
  x.table.start(1, wish, x.now);
  x.table.finish(1, prompt_table::execution::applied, "", x.now);
  const auto* again = x.block(block_of("web", "a.org"));
  CHECK_EQ(again->number, 2);
  CHECK(again->flags.has(flag::allowed_before));
  CHECK(again->flags.has(flag::automatic_failed)); // a person decides
  x.table.forget_failures();
  CHECK_FALSE(x.table.find(2U)->flags.has(flag::automatic_failed));
  CHECK(x.table.find(2U)->flags.has(flag::allowed_before));
}

TEST_CASE("a decided prompt leaves after its time") {
  table_stage x;
  x.block(block_of("web", "a.org"));
  x.table.leave_denied(1, "rule", x.now);
  CHECK(x.table.next_expiry() == x.now.steady + std::chrono::minutes{10});
  x.now.steady += std::chrono::minutes{10} - std::chrono::nanoseconds{1};
  x.table.expire(x.now);
  CHECK_EQ(x.table.size(), 1);
  x.now.steady += std::chrono::nanoseconds{1};
  x.table.expire(x.now);
  CHECK_EQ(x.table.size(), 0);
  CHECK_EQ(x.table.bytes(), 0);
  CHECK_EQ(x.table.containers(), 0);
  CHECK(x.table.next_expiry() == time_point::max());
  CHECK_EQ(x.block(block_of("web", "a.org"))->number, 2); // asked again
}

TEST_CASE("a container has one dossier, reduced and bounded") {
  table_stage x;
  auto first = block_of("web", "a.org");
  first.dossier = {{"pro\tject", "alpha"}, {"pro ject", "again"}};
  for (int i = 0; i < 40; ++i)
    first.dossier.emplace_back("key" + std::to_string(i), "v");
  const auto& facts = *x.block(first)->container;
  CHECK_EQ(facts.dossier.size(), 32);
  CHECK_EQ(facts.more_dossier, 10);
  CHECK_EQ(facts.dossier[0].first, "pro ject");
  CHECK_EQ(facts.dossier[0].second, "alpha");
  auto second = block_of("web", "b.org");
  second.dossier = {{"project", "other"}};
  CHECK_EQ(x.block(second)->container.get(), &facts);
}

TEST_CASE("a flood of one container forgets its own oldest prompts alone") {
  table_stage x;
  x.block(block_of("quiet", "a.org"));
  for (std::size_t i = 0; i < 5000; ++i) {
    const auto* shown =
        x.block(block_of("flood", "n" + std::to_string(i) + ".example.org"));
    REQUIRE(shown != nullptr);
    REQUIRE_EQ(shown->state, prompt_state::waiting);
    REQUIRE_LE(x.table.bytes(),
               operator_limits::prompts_per_container_max_bytes + 8192);
  }
  CHECK_GT(x.table.forgotten(), 0);
  CHECK_EQ(x.table.find(1U)->state, prompt_state::waiting);
}

TEST_CASE("a flood of one target stays one prompt of bounded size") {
  table_stage x;
  for (int i = 0; i < 20000; ++i)
    x.block(block_of("web", "a.org"));
  CHECK_EQ(x.table.size(), 1);
  CHECK_EQ(x.table.find(1U)->count, 20000);
  CHECK_LE(x.table.bytes(), operator_limits::prompts_per_container_max_bytes);
  // The newest open request is executed.
  auto got = x.table.start("boot-1", 1, wish_to(action::allow), x.now);
  CHECK_EQ(std::get<prompt_table::decision_started>(got).request.generation,
           20000);
}

TEST_CASE("without memory for all, the oldest history goes first") {
  prompt_limits limits;
  limits.total_bytes = 8000;
  table_stage x{limits};
  x.block(block_of("old", "a.org"));
  x.table.leave_denied(1, "", x.now);
  std::size_t waiting = 0;
  while (x.table.find(1U) != nullptr) {
    REQUIRE(x.block(block_of("new", "n" + std::to_string(++waiting) + ".org"))
            != nullptr);
    REQUIRE_LE(x.table.bytes(), 8000);
  }
  CHECK_EQ(x.table.open(), waiting); // nothing that waits went for it
  // Then a container that has none to give gets none.
  while (x.block(block_of("new", "m" + std::to_string(++waiting) + ".org"))
         && x.table.forgotten() == 0)
    continue;
  const auto before = x.table.open();
  CHECK(x.block(block_of("third", "a.org")) == nullptr);
  CHECK_EQ(x.table.open(), before);
  CHECK_EQ(x.table.unrecorded(), 1);
}

} // namespace prompt_table_tests
