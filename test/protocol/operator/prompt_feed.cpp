#include "protocol/operator/prompt_feed.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace prompt_feed_tests {

using namespace clearance::protocol;
using namespace std::chrono_literals;
namespace limits = operator_limits;

namespace {

// The objects of a list, or the texts of one: what stands between its braces.
std::vector<std::string> elements_of(const std::string& json,
                                     const std::string& key) {
  std::vector<std::string> result;
  auto at = json.find("\"" + key + "\":[");
  if (at == json.npos)
    return result;
  int depth = 0;
  std::string element;
  for (at += key.size() + 4;; ++at) {
    const char c = json.at(at);
    if (depth == 0 && (c == ',' || c == ']')) {
      if (!element.empty())
        result.push_back(std::exchange(element, {}));
      if (c == ']')
        return result;
      continue;
    }
    depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    element += c;
  }
}

std::string id_in(const std::string& prompt) {
  const auto at = prompt.find("\"id\":\"") + 6;
  return prompt.substr(at, prompt.find('"', at) - at);
}

// A client: what it knows after what it was sent.
struct watching_client {
  void read(const std::string& reply) {
    REQUIRE(reply.starts_with("{\"continues\":true,\"parameters\":{"));
    REQUIRE(reply.ends_with(std::string{"}}\0", 3}));
    CHECK_LE(reply.size(), limits::snapshot_page_max_bytes + 200);
    if (reply.find("\"restart\":true") != reply.npos) {
      prompts.clear();
      ++restarts;
    }
    auto page = elements_of(reply, "prompts");
    CHECK_LE(page.size(), limits::snapshot_page_max_prompts);
    for (const auto& x : page)
      prompts[id_in(x)] = x;
    const std::string change = "\"parameters\":{\"prompt\":";
    if (auto at = reply.find(change); at != reply.npos) {
      ++changes;
      auto text = reply.substr(at + change.size());
      text.resize(text.size() - 3);
      last = id_in(text);
      prompts[last] = text;
    }
    auto removed = elements_of(reply, "removed");
    CHECK_LE(removed.size(), limits::removed_page_max);
    for (const auto& x : removed)
      CHECK_EQ(prompts.erase(x.substr(1, x.size() - 2)), 1);
    is_complete |= reply.find("\"complete\":true") != reply.npos;
    has_hub |= reply.find("\"hub\":") != reply.npos;
  }

  std::map<std::string, std::string> prompts;
  std::string last;
  std::size_t changes = 0, restarts = 0;
  bool is_complete = false, has_hub = false;
};

struct feed_stage {
  void watch() {
    feed = std::make_unique<prompt_feed>(table, shield_abilities{});
    table.add(*feed);
  }
  ~feed_stage() {
    if (feed != nullptr)
      table.remove(*feed);
  }

  void block(std::size_t target, std::size_t address = 1) {
    event x;
    x.container = "c" + std::to_string(target % 3);
    x.request_id = "r" + std::to_string(++generation);
    x.domain = "n" + std::to_string(target) + ".org";
    x.dest = "192.0.2." + std::to_string(address);
    table.block(x, generation, now);
  }

  bool read_one() {
    std::string reply;
    if (!feed->write(now.steady, reply))
      return false;
    client.read(reply);
    return true;
  }

  // As a client that is ready to read, while time passes.
  void read_all() {
    for (;;) {
      if (read_one())
        continue;
      auto due = feed->due(now.steady);
      if (due == time_point::max())
        return;
      REQUIRE(due > now.steady);
      now.steady = due;
    }
  }

  void check_picture() {
    std::map<std::string, std::string> expected;
    const prompt* x = nullptr;
    for (std::uint64_t n = 0; (x = table.next_after(n)) != nullptr;
         n = x->number)
      append_prompt(expected[table.id_of(x->number)], *x,
                    table.id_of(x->number), {});
    CHECK(client.prompts == expected);
  }

  prompt_table table{"boot"};
  std::unique_ptr<prompt_feed> feed;
  watching_client client;
  std::uint64_t generation = 0;
  prompt_time now{time_point{1h}, 1};
};

} // namespace

TEST_CASE("an empty table is a complete snapshot, too") {
  feed_stage x;
  x.watch();
  hub_state hub;
  hub.id = "hub";
  x.feed->set(hub);
  CHECK(x.read_one());
  CHECK(x.client.has_hub);
  CHECK_FALSE(x.client.is_complete);
  CHECK(x.read_one());
  CHECK(x.client.is_complete);
  CHECK_FALSE(x.read_one());
  CHECK(x.feed->due(x.now.steady) == time_point::max());
}

TEST_CASE("a snapshot comes in pages, and changes meanwhile are not lost") {
  feed_stage x;
  for (std::size_t i = 0; i < 150; ++i)
    x.block(i, 1 + i % 200);
  x.watch();
  CHECK(x.read_one());
  CHECK_EQ(x.client.prompts.size(), 64);
  x.block(0);   // was shown
  x.block(140); // is still to be shown
  x.block(999); // is new
  CHECK_EQ(x.feed->pending(), 2);
  CHECK(x.read_one());
  CHECK_FALSE(x.client.is_complete);
  CHECK(x.read_one());
  CHECK(x.client.is_complete);
  CHECK_EQ(x.client.prompts.size(), 150);
  x.read_all();
  x.check_picture();
}

TEST_CASE("a slow client is sent the newest state of each prompt once") {
  feed_stage x;
  x.watch();
  x.read_all();
  for (int i = 0; i < 1000; ++i)
    x.block(static_cast<std::size_t>(i) % 5);
  CHECK_EQ(x.feed->pending(), 5);
  x.read_all();
  CHECK_EQ(x.client.changes, 5);
  x.check_picture();
}

TEST_CASE("state and revision come before counts, the oldest change first") {
  feed_stage x;
  for (std::size_t i = 0; i < 4; ++i)
    x.block(i);
  x.watch();
  x.read_all();
  x.block(1);
  x.block(0);
  x.table.leave_denied(4, "", x.now);
  CHECK(x.read_one());
  CHECK_EQ(x.client.last, "boot-4");
  CHECK(x.read_one());
  CHECK_EQ(x.client.last, "boot-2");
  CHECK(x.read_one());
  CHECK_EQ(x.client.last, "boot-1");
  CHECK_FALSE(x.read_one());
}

TEST_CASE("a prompt is sent at most once in 50 ms") {
  feed_stage x;
  x.watch();
  x.read_all();
  x.block(0);
  CHECK(x.read_one());
  x.block(0);
  CHECK_FALSE(x.read_one());
  CHECK(x.feed->due(x.now.steady) == x.now.steady + 50ms);
  x.now.steady += 50ms - 1ns;
  CHECK_FALSE(x.read_one());
  x.now.steady += 1ns;
  CHECK(x.read_one());
}

TEST_CASE("no second sees more than 500 changes") {
  feed_stage x;
  x.watch();
  x.read_all();
  std::vector<time_point> times;
  for (std::size_t i = 0; i < 2000; ++i)
    x.block(i, i % 250);
  while (x.feed->pending() > 0) {
    auto due = x.feed->due(x.now.steady);
    x.now.steady = std::max(due, x.now.steady);
    REQUIRE(x.read_one());
    times.push_back(x.now.steady);
  }
  REQUIRE_EQ(times.size(), 2000);
  for (std::size_t i = 500; i < times.size(); ++i)
    REQUIRE(times[i] - times[i - 500] >= 1s);
  CHECK(times.back() - times.front() < 5s); // nor much fewer
  x.check_picture();
}

// As the registry does it, a container's oldest open requests end when it has
// more than 4096.
TEST_CASE("a flood of 50 000 blocks of 500 targets is 500 prompts") {
  feed_stage s;
  s.watch();
  s.read_all();
  watching_client slow;
  prompt_feed unread{s.table, {}};
  s.table.add(unread);
  for (std::string reply; unread.write(s.now.steady, reply); reply.clear())
    slow.read(reply);
  std::size_t bytes = 0;
  std::size_t second = 0;
  for (std::size_t i = 0; i < 50'000; ++i) {
    s.now.steady += 100us;
    s.block(i % 500);
    if (i >= 12'000) // three containers
      s.table.closed("c" + std::to_string((i - 12'000) % 500 % 3), i - 11'999,
                     no_slot, s.now);
    while (s.read_one())
      ;
    if (i % 10'000 == 9'999) {
      CHECK_LE(s.client.changes - second, limits::changes_per_second_max);
      second = s.client.changes;
    }
    if (i == 15'000)
      bytes = s.table.bytes();
    REQUIRE_LE(unread.pending(), 500);
  }
  CHECK_EQ(s.table.open(), 500);
  CHECK_EQ(s.table.forgotten(), 0);
  CHECK_EQ(s.table.bytes(), bytes);
  // The one that was stopped all the time has the same picture after one read.
  CHECK_EQ(unread.pending(), 500);
  unread.resume(5s);
  for (std::string reply; unread.write(s.now.steady, reply); reply.clear())
    slow.read(reply);
  s.table.remove(unread);
  CHECK_EQ(slow.changes, 0);
  CHECK_EQ(slow.restarts, 1);
  CHECK_EQ(slow.prompts.size(), 500);
  s.read_all();
  CHECK(slow.prompts == s.client.prompts);
}

TEST_CASE("a client is told of the removal of what it was told of") {
  feed_stage x;
  for (std::size_t i = 0; i < 300; ++i)
    x.block(i, 1 + i % 200);
  x.watch();
  x.read_all();
  for (std::uint64_t i = 1; i <= 300; ++i)
    x.table.leave_denied(i, "", x.now);
  x.block(1000); // the client does not hear of it before it is removed
  x.table.leave_denied(301, "", x.now);
  x.now.steady += 1h;
  x.table.expire(x.now);
  CHECK_EQ(x.feed->pending(), 300);
  x.read_all();
  CHECK(x.client.prompts.empty());
  x.check_picture();
}

TEST_CASE("too many changes become a fresh snapshot") {
  feed_stage x;
  for (std::size_t i = 0; i < 3600; ++i)
    x.block(i, i % 250);
  x.watch();
  x.read_all();
  for (std::size_t i = 0; i < 3600; ++i)
    x.block(i, i % 250);
  CHECK_GT(x.feed->pending(), 3000);
  CHECK_EQ(x.client.restarts, 0);
  // Each new prompt pushes out one that the client was told of.
  for (std::size_t i = 0; i < 1500; ++i) {
    x.block(10000 + i, i % 250);
    REQUIRE_LE(x.feed->pending(), limits::pending_changes_max);
  }
  x.read_all();
  CHECK_EQ(x.client.restarts, 1);
  x.check_picture();
}

TEST_CASE("whoever reads in time is sent changes, not a fresh snapshot") {
  feed_stage x;
  x.watch();
  x.read_all();
  for (std::size_t i = 0; i < limits::changes_burst_max; ++i)
    x.block(i);
  x.feed->resume(1h); // few changes
  x.block(1000);
  x.feed->resume(limits::watch_stalled_after - 1ns);
  x.read_all();
  CHECK_EQ(x.client.restarts, 0);
  for (std::size_t i = 0; i <= limits::changes_burst_max; ++i)
    x.block(i);
  x.feed->resume(limits::watch_stalled_after);
  x.read_all();
  CHECK_EQ(x.client.restarts, 1);
  x.check_picture();
}

TEST_CASE("other events are bounded, and the loss is said") {
  feed_stage x;
  x.watch();
  x.read_all();
  for (int i = 0; i < 130; ++i) {
    event y;
    y.type = event_type::shield_up;
    y.container = "c" + std::to_string(i);
    x.feed->add(y);
  }
  std::string reply;
  REQUIRE(x.feed->write(x.now.steady, reply));
  CHECK_EQ(reply.substr(0, reply.size() - 1),
           "{\"continues\":true,\"parameters\":{\"lost\":2}}");
  reply.clear();
  REQUIRE(x.feed->write(x.now.steady, reply));
  CHECK(reply.find("\"event\":{\"type\":\"shield_up\",\"container\":\"c2\"")
        != reply.npos);
}

TEST_CASE("after any history a client that has read everything is right") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 engine{seed};
    auto below = [&](std::size_t n) { return engine() % n; };
    feed_stage x;
    for (auto n = below(100); n > 0; --n)
      x.block(below(200), below(5));
    x.watch();
    for (int step = 0; step < 400; ++step) {
      switch (below(8)) {
      case 0:
        x.table.leave_denied(below(x.table.last_number() + 1), "", x.now);
        break;
      case 1:
        x.now.steady += std::chrono::seconds{below(200)};
        x.table.expire(x.now);
        break;
      case 2: {
        event y;
        y.type = event_type::container_exited;
        y.container = "c" + std::to_string(below(3));
        if (below(4) == 0)
          x.table.lifecycle(y, x.now);
        break;
      }
      case 3:
      case 4:
        x.read_one();
        break;
      default:
        x.block(below(200), below(5));
        break;
      }
      x.now.steady += std::chrono::milliseconds{below(20)};
    }
    x.read_all();
    x.check_picture();
  }
}

} // namespace prompt_feed_tests
