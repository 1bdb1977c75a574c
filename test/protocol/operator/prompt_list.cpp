#include "protocol/operator/prompt_list.hpp"

#include "protocol/operator/client_limits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace prompt_list_tests {

using namespace clearance::protocol;

namespace {

listed_prompt prompt_of(const std::string& id, std::int64_t revision = 1) {
  listed_prompt x;
  x.id = id;
  x.revision = revision;
  x.container = "c";
  x.target = id + ".example";
  return x;
}

watch_reply change(const std::string& id, std::int64_t revision = 1) {
  watch_reply x;
  x.prompt = prompt_of(id, revision);
  return x;
}

watch_reply snapshot(const std::vector<std::string>& ids,
                     bool is_complete = true) {
  watch_reply x;
  for (const auto& id : ids)
    x.prompts.push_back(prompt_of(id));
  x.complete = is_complete;
  return x;
}

/// The ids in the order of the list; a stale one with a `?` behind it.
std::string ids_of(const prompt_list& list) {
  std::string result;
  for (const auto& [number, x] : list.all())
    result += (result.empty() ? "" : " ") + x.key.id + (x.is_stale ? "?" : "");
  return result;
}

} // namespace

TEST_CASE("new prompts append, and none changes its place") {
  prompt_list list;
  list.connected("h");
  list.apply("h", snapshot({"a", "b"}));
  list.apply("h", change("c"));
  list.apply("h", change("a", 2));
  CHECK(ids_of(list) == "a b c");
  CHECK(list.find({"h", "a"})->prompt.revision == 2);
  watch_reply gone;
  gone.removed = {"b", "never"};
  list.apply("h", gone);
  CHECK(ids_of(list) == "a c");
  list.apply("h", change("b"));
  CHECK(ids_of(list) == "a c b");
}

TEST_CASE("the same id at two hubs is two prompts") {
  prompt_list list;
  list.connected("g");
  list.connected("h");
  list.apply("g", change("a"));
  list.apply("h", change("a"));
  CHECK(list.all().size() == 2);
  CHECK(list.find({"g", "a"})->number != list.find({"h", "a"})->number);
}

TEST_CASE(
    "a hub that goes away leaves stale prompts, which nobody can decide") {
  prompt_list list;
  list.connected("h");
  list.apply("h", snapshot({"a", "b"}));
  CHECK(list.find({"h", "a"})->can_be_decided());
  list.disconnected("h", "it went away");
  CHECK(ids_of(list) == "a? b?");
  CHECK_FALSE(list.find({"h", "a"})->can_be_decided());
  CHECK(list.hubs().at("h").why == "it went away");

  SUBCASE("what the next snapshot has is no longer stale, the rest goes") {
    list.connected("h");
    list.apply("h", snapshot({"b"}, false));
    CHECK(ids_of(list) == "a? b");
    CHECK(list.hubs().at("h").status == link_status::loading);
    list.apply("h", snapshot({"c"}));
    CHECK(ids_of(list) == "b c");
    CHECK(list.hubs().at("h").status == link_status::current);
  }
  SUBCASE("a hub that is forgotten takes its prompts with it") {
    list.remove_hub("h");
    CHECK(list.all().empty());
    CHECK(list.find(prompt_key{"h", "a"}) == nullptr);
  }
}

TEST_CASE("a restart begins a new snapshot") {
  prompt_list list;
  list.connected("h");
  list.apply("h", snapshot({"a", "b"}));
  auto again = snapshot({"b"}, false);
  again.restart = true;
  list.apply("h", again);
  CHECK(ids_of(list) == "a? b");
  list.apply("h", snapshot({}));
  CHECK(ids_of(list) == "b");
}

TEST_CASE("a prompt of an error reply is taken if it is newer") {
  prompt_list list;
  list.connected("h");
  list.apply("h", snapshot({"a"}));
  list.refresh("h", prompt_of("a", 3));
  CHECK(list.find({"h", "a"})->prompt.revision == 3);
  list.refresh("h", prompt_of("a", 2));
  CHECK(list.find({"h", "a"})->prompt.revision == 3);
  list.refresh("h", prompt_of("z", 2));
  CHECK(ids_of(list) == "a");
  list.disconnected("h", "");
  list.refresh("h", prompt_of("a", 4));
  CHECK(ids_of(list) == "a?");
}

TEST_CASE("the header counts what asks for attention") {
  prompt_list list;
  list.connected("h");
  auto x = snapshot({"a", "b", "c", "d"});
  x.prompts[0].first_seen = 30;
  x.prompts[1].first_seen = 20;
  x.prompts[2].first_seen = 10;
  x.prompts[2].quiet = true;
  x.prompts[3].state = prompt_state::gone;
  x.prompts[1].container = "other";
  x.lost = 3;
  list.apply("h", x);
  CHECK(list.waiting() == 2);
  CHECK(list.oldest() == 20);
  CHECK(list.containers() == 2);
  CHECK(list.lost() == 3);
}

TEST_CASE("decided prompts are listed with the newest decision first") {
  prompt_list list;
  list.connected("h");
  auto x = snapshot({"a", "b", "c"});
  for (std::size_t i = 0; i < 2; ++i) {
    x.prompts[i].state = prompt_state::decided;
    x.prompts[i].decision.emplace().at = static_cast<std::int64_t>(i);
  }
  // Failed, and waiting again.
  x.prompts[2].decision.emplace().at = 7;
  list.apply("h", x);
  auto all = list.decided();
  REQUIRE(all.size() == 2);
  CHECK(all[0]->key.id == "b");
  CHECK(all[1]->key.id == "a");
}

TEST_CASE("at the limit a new prompt is left out and counted") {
  prompt_list list;
  list.connected("h");
  const auto max = client_limits::listed_prompts_per_hub_max;
  for (std::size_t i = 0; i < max; ++i)
    list.apply("h", change(std::to_string(i)));
  CHECK(list.hubs().at("h").left_out == 0);
  list.apply("h", change("one more"));
  CHECK(list.hubs().at("h").left_out == 1);
  CHECK(list.all().size() == max);
  list.apply("h", change("0", 2));
  CHECK(list.find({"h", "0"})->prompt.revision == 2);
}

TEST_CASE("every change has a version") {
  prompt_list list;
  std::set<std::uint64_t> seen{list.version()};
  auto is_new = [&] { return seen.insert(list.version()).second; };
  list.add_hub("h");
  CHECK(is_new());
  list.add_hub("h");
  CHECK_FALSE(is_new());
  list.connected("h");
  CHECK(is_new());
  list.apply("h", change("a"));
  CHECK(is_new());
  list.disconnected("h", "");
  CHECK(is_new());
  list.remove_hub("h");
  CHECK(is_new());
  list.remove_hub("h");
  CHECK_FALSE(is_new());
}

namespace {

/// What the list must be, written down without any cleverness.
struct naive_list {
  struct row {
    std::string hub;
    std::string id;
    std::int64_t revision = 0;
    bool stale = false;

    friend bool operator==(const row&, const row&) = default;
  };

  void put(const std::string& hub, const std::string& id, std::int64_t n) {
    for (auto& x : rows)
      if (x.hub == hub && x.id == id) {
        x.revision = n;
        x.stale = false;
        return;
      }
    rows.push_back({hub, id, n, false});
  }

  void stale(const std::string& hub) {
    for (auto& x : rows)
      x.stale = x.stale || x.hub == hub;
  }

  std::vector<row> rows;
};

std::vector<naive_list::row> rows_of(const prompt_list& list) {
  std::vector<naive_list::row> result;
  for (const auto& [number, x] : list.all())
    result.push_back({x.key.hub, x.key.id, x.prompt.revision, x.is_stale});
  return result;
}

} // namespace

TEST_CASE("the list is what a naive model is, whatever hubs say") {
  std::size_t removed = 0;
  std::size_t stale = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 engine{seed};
    auto choose = [&](unsigned n) {
      return static_cast<unsigned>(engine() % n);
    };
    prompt_list list;
    naive_list model;
    for (int step = 0; step < 200; ++step) {
      const std::string hub(1, static_cast<char>('g' + choose(3)));
      watch_reply x;
      switch (choose(8)) {
      case 0:
        list.connected(hub);
        model.stale(hub);
        continue;
      case 1:
        list.disconnected(hub, "");
        model.stale(hub);
        continue;
      case 2:
        if (choose(4) == 0) {
          list.remove_hub(hub);
          std::erase_if(model.rows,
                        [&](const auto& row) { return row.hub == hub; });
        }
        continue;
      case 3:
        x.restart = true;
        model.stale(hub);
        break;
      default:
        break;
      }
      for (unsigned n = choose(4); n > 0; --n) {
        const auto id = std::to_string(choose(9));
        const auto revision = static_cast<std::int64_t>(choose(5));
        x.prompts.push_back(prompt_of(id, revision));
        model.put(hub, id, revision);
      }
      if (choose(2) == 0) {
        x.prompt = prompt_of(std::to_string(choose(9)), step);
        model.put(hub, x.prompt->id, step);
      }
      if (choose(3) == 0) {
        x.removed.push_back(std::to_string(choose(9)));
        removed += std::erase_if(model.rows, [&](const auto& row) {
          return row.hub == hub && row.id == x.removed[0];
        });
      }
      if (choose(4) == 0) {
        x.complete = true;
        stale += std::erase_if(model.rows, [&](const auto& row) {
          return row.hub == hub && row.stale;
        });
      }
      list.apply(hub, x);
      REQUIRE(rows_of(list) == model.rows);
    }
  }
  CHECK(removed > 100);
  CHECK(stale > 100);
}

TEST_CASE("who comes back is told what changed and what left") {
  prompt_list list;
  list.connected("h");
  list.apply("h", snapshot({"a", "b", "c"}));
  const auto before = list.version();
  list.apply("h", change("b", 2));
  watch_reply gone;
  gone.removed = {"a"};
  list.apply("h", gone);
  std::vector<std::uint64_t> removed;
  CHECK(list.removed_since(before, removed));
  CHECK(removed == std::vector<std::uint64_t>{1});
  CHECK(list.find(2)->changed > before);
  CHECK(list.find(3)->changed <= before);
  removed.clear();
  CHECK(list.removed_since(list.version(), removed));
  CHECK(removed.empty());

  // A hub that goes away changes all its prompts, and one that is forgotten
  // removes them.
  const auto connected = list.version();
  list.disconnected("h", "");
  CHECK(list.find(3)->changed > connected);
  list.remove_hub("h");
  CHECK(list.removed_since(connected, removed));
  CHECK(removed.size() == 2);
}

TEST_CASE("the list names a bounded number of prompts that left") {
  prompt_list list;
  list.connected("h");
  watch_reply gone;
  for (std::size_t i = 0; i <= client_limits::removals_kept_max; ++i) {
    list.apply("h", change("a"));
    gone.removed = {"a"};
    list.apply("h", gone);
  }
  std::vector<std::uint64_t> removed;
  CHECK_FALSE(list.removed_since(0, removed));
  CHECK(removed.empty());
  // The first one left with version 3: connected, there, gone.
  CHECK_FALSE(list.removed_since(2, removed));
  CHECK(list.removed_since(3, removed));
  CHECK(removed.size() == client_limits::removals_kept_max);
}

} // namespace prompt_list_tests
