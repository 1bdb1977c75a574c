#include "services/tui/decision_guard.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace decision_guard_tests {

using namespace clearance::services;
using namespace std::chrono_literals;

namespace {

using prompts = std::vector<decision_guard::shown_prompt>;

// Time is made up.
struct guard_fixture {
  void picture(const prompts& shown, std::optional<std::uint64_t> selected,
               bool list_changed = true) {
    guard.drawn(shown, selected, focus, list_changed, now);
  }

  bool allows(std::uint64_t number) { return guard.allows(number, focus, now); }

  decision_guard guard;
  std::uint64_t focus = 1;
  clearance::protocol::time_point now =
      clearance::protocol::time_point{} + std::chrono::hours{1};
};

const prompts three{{1, 1, 2}, {2, 1, 3}, {3, 1, 4}};

} // namespace

TEST_CASE_FIXTURE(guard_fixture, "a prompt must be on the screen for 500 ms") {
  CHECK_FALSE(allows(1));
  picture(three, 1);
  CHECK_FALSE(allows(1));
  now += 499ms;
  CHECK_FALSE(allows(1));
  now += 1ms;
  CHECK(allows(1));
  CHECK_FALSE(allows(9));
  // Every picture counts from the first one on.
  picture(three, 1);
  CHECK(allows(1));
}

TEST_CASE_FIXTURE(guard_fixture, "a prompt that left the screen begins anew") {
  picture(three, 1);
  now += 1s;
  picture({{2, 1, 3}}, 2, false);
  CHECK_FALSE(allows(1));
  picture(three, 1, false);
  now += 499ms;
  CHECK_FALSE(allows(1));
  now += 1ms;
  CHECK(allows(1));
}

TEST_CASE_FIXTURE(guard_fixture, "a new revision begins anew") {
  picture(three, 1);
  now += 1s;
  picture({{1, 2, 2}, {2, 1, 3}, {3, 1, 4}}, 1);
  now += 499ms;
  CHECK_FALSE(allows(1));
  now += 1ms;
  CHECK(allows(1));
  CHECK(guard.revision_of(1) == 2);
  CHECK(guard.revision_of(9) == std::nullopt);
}

TEST_CASE_FIXTURE(guard_fixture,
                  "350 ms must pass after something moved at the selection") {
  picture(three, 2);
  now += 1s;
  SUBCASE("the selected prompt moved") {
    picture({{2, 1, 2}, {3, 1, 3}}, 2);
  }
  SUBCASE("the next one has vanished") {
    picture({{1, 1, 2}, {2, 1, 3}}, 2);
  }
  SUBCASE("another one stands above it") {
    picture({{7, 1, 2}, {2, 1, 3}, {3, 1, 4}}, 2);
  }
  SUBCASE("the selected one vanished, and another one was selected") {
    picture({{1, 1, 2}, {3, 1, 3}}, std::nullopt);
    picture({{1, 1, 2}, {3, 1, 3}}, 3, false);
    now += 349ms;
    CHECK_FALSE(allows(3));
    now += 1ms;
    CHECK(allows(3));
    return;
  }
  CHECK_FALSE(allows(2));
  now += 349ms;
  CHECK_FALSE(allows(2));
  now += 1ms;
  CHECK(allows(2));
}

TEST_CASE_FIXTURE(guard_fixture, "what is below or far away moves nothing") {
  picture(three, 2);
  now += 1s;
  picture({{1, 1, 2}, {2, 1, 3}, {3, 1, 4}, {4, 1, 5}}, 2);
  CHECK(allows(2));
  CHECK_FALSE(allows(4));
  picture({{1, 1, 2}, {2, 1, 3}, {3, 1, 4}}, 2);
  CHECK(allows(2));
  // A prompt that appends itself just below the last one.
  now += 1s;
  picture({{1, 1, 2}, {2, 1, 3}, {3, 1, 4}}, 3, false);
  picture({{1, 1, 2}, {2, 1, 3}, {3, 1, 4}, {5, 1, 5}}, 3);
  CHECK(allows(3));
}

TEST_CASE_FIXTURE(guard_fixture, "an own step must be seen for 500 ms") {
  picture(three, 1);
  now += 1s;
  CHECK(allows(1));
  focus = 2; // a key selected another one
  CHECK_FALSE(allows(2));
  now += 1s;
  CHECK_FALSE(allows(2)); // no picture of it was drawn
  picture(three, 2, false);
  now += 499ms;
  CHECK_FALSE(allows(2));
  now += 1ms;
  CHECK(allows(2));
  picture({{2, 1, 2}, {3, 1, 3}}, 2, false); // scrolled
  CHECK(allows(2));
}

TEST_CASE_FIXTURE(guard_fixture, "after a paste 350 ms must be silent") {
  picture(three, 1);
  now += 1s;
  guard.pasted(now);
  for (int i = 0; i < 5; ++i) {
    guard.key_came(now);
    CHECK_FALSE(allows(1));
    now += 349ms;
  }
  guard.key_came(now);
  CHECK_FALSE(allows(1));
  now += 350ms;
  guard.key_came(now);
  CHECK(allows(1));
}

TEST_CASE_FIXTURE(guard_fixture, "each refused key prolongs the wait") {
  picture(three, 1);
  now += 490ms;
  CHECK_FALSE(allows(1));
  guard.refused(now);
  now += 100ms; // on the screen for long enough
  CHECK_FALSE(allows(1));
  guard.refused(now);
  now += 349ms;
  CHECK_FALSE(allows(1));
  now += 1ms;
  CHECK(allows(1));
}

TEST_CASE_FIXTURE(guard_fixture, "a hidden screen shows nothing") {
  picture(three, 1);
  now += 1s;
  guard.hidden();
  CHECK_FALSE(allows(1));
  picture(three, 1, false);
  CHECK_FALSE(allows(1));
  now += 500ms;
  CHECK(allows(1));
}

TEST_CASE_FIXTURE(guard_fixture, "a marked prompt may have left the screen") {
  picture(three, 1);
  now += 100ms;
  CHECK_FALSE(guard.allows_marked(1, 1, focus, now));
  picture({{7, 1, 2}}, 7, false);
  now += 1s;
  CHECK_FALSE(guard.allows_marked(1, 1, focus, now)); // was there for 100 ms
  picture(three, 1, false);
  now += 500ms;
  CHECK(guard.allows_marked(1, 1, focus, now));
  picture({{7, 1, 2}}, 7, false);
  CHECK(guard.allows_marked(1, 1, focus, now));
  CHECK_FALSE(guard.allows_marked(1, 2, focus, now)); // at that revision
  guard.refused(now);
  CHECK_FALSE(guard.allows_marked(1, 1, focus, now));
}

} // namespace decision_guard_tests
