#include "services/notify/notification_plan.hpp"

#include "test/services/notify/plan_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace notification_plan_tests {

using namespace clearance;
using namespace clearance::services;
using namespace std::chrono_literals;
using test::plan_fixture;
using test::waiting;

namespace {

using labels_of = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(plan_fixture, "one prompt has buttons, and says what opens") {
  auto x = waiting("a", "c1", "pypi.org");
  x.dossier.push_back({"task", "pip-upgrade"});
  put(x);
  run(5s);
  REQUIRE(shows.size() == 1);
  CHECK(last().replaces == 0);
  CHECK(last().summary == "pip-upgrade: 1 blocked");
  CHECK(last().body
        == "pypi.org port 443, 2 blocks\nAn allow opens everything of it.");
  CHECK(labels() == labels_of{"Allow", "Deny", "(Open)"});
  CHECK_FALSE(last().is_critical);
  CHECK_FALSE(plan.due().has_value());
}

TEST_CASE_FIXTURE(plan_fixture, "two prompts or a flag: Open, and no answer") {
  SUBCASE("two") {
    put(waiting("a", "c1", "pypi.org"));
    put(waiting("b", "c1", "other.org"));
  }
  SUBCASE("a flag") {
    auto x = waiting("a", "c1", "pypi.org");
    x.flags = {"private_address"};
    put(x);
  }
  run(5s);
  REQUIRE(shows.size() == 1);
  CHECK(labels() == labels_of{"Open", "(Open)"});
  CHECK(last().is_critical
        == (last().body.find("FLAGS: private address") != std::string::npos));
}

TEST_CASE_FIXTURE(plan_fixture, "a server without actions gets no buttons") {
  plan.server_came({false, false});
  put(waiting("a", "c1", "pypi.org"));
  run(5s);
  CHECK(last().actions.empty());
  CHECK(last().body.find("with the command terok-clearance")
        != std::string::npos);
}

TEST_CASE_FIXTURE(plan_fixture, "a container's notification is replaced, at "
                                "most once a second") {
  put(waiting("a", "c1", "t0.org"));
  step();
  for (int i = 1; i <= 100; ++i) {
    put(waiting("b" + std::to_string(i), "c1",
                "t" + std::to_string(i) + ".org"));
    run(100ms);
  }
  run(2s);
  // 10 s of changes, and the last state.
  CHECK(shows.size() <= 12);
  CHECK(shows.size() >= 10);
  CHECK(std::all_of(ids.begin(), ids.end(),
                    [&](auto id) { return id == ids[0]; }));
  CHECK(last().summary == "c1: 101 blocked");
  CHECK(closes.empty());
}

TEST_CASE_FIXTURE(plan_fixture, "500 targets are one notification") {
  for (int i = 0; i < 500; ++i)
    put(waiting("p" + std::to_string(i), "c1",
                "t" + std::to_string(i) + ".org"));
  run(10s);
  CHECK(shows.size() == 1);
  CHECK(last().summary == "c1: 500 blocked");
  CHECK(last().body.ends_with("and 495 more"));
  CHECK(std::count(last().body.begin(), last().body.end(), '\n') == 5);
}

TEST_CASE_FIXTURE(plan_fixture, "a fourth container makes it one summary") {
  for (int i = 1; i <= 3; ++i)
    put(waiting("p" + std::to_string(i), "c" + std::to_string(i), "t.org"));
  run(5s);
  CHECK(shows.size() == 3);
  put(waiting("p4", "c4", "t.org"));
  run(5s);
  CHECK(shows.size() == 4);
  CHECK(closes.size() == 3);
  CHECK(last().summary == "4 containers, 4 blocked");
  CHECK(last().body == "c1: 1\nc2: 1\nc3: 1\nc4: 1");
  CHECK(labels() == labels_of{"Open", "(Open)"});
  // And back.
  remove("p4");
  run(5s);
  CHECK(closes.size() == 4);
  CHECK(shows.size() == 7);
}

TEST_CASE_FIXTURE(plan_fixture, "containers that come and go do not flood") {
  std::size_t most = 0;
  for (int i = 0; i < 400; ++i) {
    const auto before = shows.size();
    put(waiting("p" + std::to_string(i), "c" + std::to_string(i), "t.org"));
    run(25ms);
    remove("p" + std::to_string(i));
    run(25ms);
    most = std::max(most, shows.size() - before);
  }
  // 20 s.
  CHECK(shows.size() <= 81);
}

TEST_CASE_FIXTURE(plan_fixture, "a click decides what was on the button") {
  put(waiting("a", "c1", "pypi.org"));
  run(1s);
  const auto wish = plan.clicked(ids[0], key_of("Deny"), list);
  const auto* decide = std::get_if<notification_decide>(&wish);
  REQUIRE(decide != nullptr);
  CHECK(decide->prompt == protocol::prompt_key{"h", "a"});
  CHECK(decide->revision == 1);
  CHECK(decide->action == protocol::action::deny);
}

TEST_CASE_FIXTURE(plan_fixture, "what changed under the mouse is not decided "
                                "but shown again") {
  put(waiting("a", "c1", "pypi.org"));
  run(1s);
  const auto allow = key_of("Allow");
  auto changed = waiting("a", "c1", "pypi.org");
  changed.revision = 2;
  changed.addresses.push_back("203.0.113.8");
  SUBCASE("before it is shown") {
    put(changed);
  }
  SUBCASE("just after") {
    put(changed);
    run(5s);
    CHECK(ids.back() == ids[0]);
  }
  SUBCASE("its hub is away") {
    list.disconnected("h", "gone");
    plan.update(list);
  }
  const auto before = shows.size();
  CHECK(std::holds_alternative<std::monostate>(
      plan.clicked(ids[0], allow, list)));
  run(5s);
  CHECK(shows.size() == before + 1);
  CHECK(last().body.starts_with("Not decided: it"));
}

TEST_CASE_FIXTURE(plan_fixture, "keys that no button has decide nothing") {
  put(waiting("a", "c1", "pypi.org"));
  run(1s);
  const auto number = std::to_string(list.all().begin()->first);
  for (const std::string& key :
       {std::string{"allow"}, std::string{"allow "}, "allow " + number,
        "allow " + number + " 1 ", "allow " + number + " 1x",
        "Allow " + number + " 1", "allow  " + number + " 1",
        "allow " + number + " 2", std::string{"allow 99 1"}, std::string{}}) {
    CAPTURE(key);
    CHECK(std::holds_alternative<std::monostate>(
        plan.clicked(ids[0], key, list)));
  }
  // Another notification, of another program.
  CHECK(std::holds_alternative<std::monostate>(
      plan.clicked(77, "allow " + number + " 1", list)));
  CHECK(std::holds_alternative<std::monostate>(
      plan.clicked(0, "allow " + number + " 1", list)));
  for (const char* key : {"open", "default"})
    CHECK(std::holds_alternative<notification_open>(
        plan.clicked(ids[0], key, list)));
}

TEST_CASE_FIXTURE(plan_fixture,
                  "a flag that came meanwhile forbids the click") {
  put(waiting("a", "c1", "pypi.org"));
  run(1s);
  auto x = waiting("a", "c1", "pypi.org");
  x.flags = {"shared_address"}; // a hub would count the revision, too
  put(x);
  CHECK(std::holds_alternative<std::monostate>(
      plan.clicked(ids[0], key_of("Allow"), list)));
}

TEST_CASE_FIXTURE(plan_fixture, "closed is no answer, and comes back with "
                                "what is new") {
  put(waiting("a", "c1", "pypi.org"));
  run(1s);
  plan.closed(ids[0]);
  auto more = waiting("a", "c1", "pypi.org");
  more.count = 99;
  put(more);
  run(10s);
  CHECK(shows.size() == 1);
  put(waiting("b", "c1", "other.org"));
  run(10s);
  CHECK(shows.size() == 2);
  CHECK(last().replaces == 0);
  CHECK(last().summary == "c1: 2 blocked");
  // What is decided then changes what is shown.
  remove("a");
  run(10s);
  CHECK(shows.size() == 3);
  CHECK(labels() == labels_of{"Allow", "Deny", "(Open)"});
}

TEST_CASE_FIXTURE(plan_fixture, "decided elsewhere: who did it, for 4 s") {
  const auto x = waiting("a", "c1", "pypi.org");
  put(x);
  run(1s);
  decide(x, "desktop of kim");
  run(3s);
  REQUIRE(shows.size() == 2);
  CHECK(last().replaces == ids[0]);
  CHECK(last().body == "pypi.org: denied by uid 1000 (\"desktop of kim\")");
  CHECK(last().is_brief);
  CHECK(last().actions.empty());
  CHECK(closes.empty());
  run(2s);
  CHECK(closes == std::vector<std::uint32_t>{ids[0]});
  run(10s);
  CHECK(shows.size() == 2);
  CHECK_FALSE(plan.due().has_value());
}

TEST_CASE_FIXTURE(plan_fixture, "decided elsewhere after it was dismissed: "
                                "nothing") {
  const auto x = waiting("a", "c1", "pypi.org");
  put(x);
  run(1s);
  plan.closed(ids[0]);
  decide(x, "kim");
  run(10s);
  CHECK(shows.size() == 1);
  CHECK(closes.empty());
}

TEST_CASE_FIXTURE(plan_fixture, "a container that ended closes its own") {
  auto x = waiting("a", "c1", "pypi.org");
  put(x);
  put(waiting("b", "c2", "pypi.org"));
  run(2s);
  x.state = protocol::prompt_state::gone;
  x.why = "container_exited";
  put(x);
  run(1ms);
  CHECK(closes == std::vector<std::uint32_t>{ids[0]});
  run(10s);
  CHECK(shows.size() == 2);
}

TEST_CASE_FIXTURE(plan_fixture, "a decision that was not made is said") {
  put(waiting("a", "c1", "pypi.org"));
  run(1s);
  plan.closed(ids[0]); // as many servers do after a click
  plan.not_decided(list.all().begin()->first, "the firewall said no");
  run(2s);
  REQUIRE(shows.size() == 2);
  CHECK(last().body.starts_with("Not decided: the firewall said no\n"));
}

TEST_CASE_FIXTURE(plan_fixture, "another server: what waits is shown again") {
  put(waiting("a", "c1", "pypi.org"));
  put(waiting("b", "c2", "pypi.org"));
  run(2s);
  plan.closed(ids[1]);
  plan.server_gone();
  run(10s);
  CHECK(shows.size() == 2);
  // An id of the old server is nobody's now.
  CHECK(std::holds_alternative<std::monostate>(
      plan.clicked(ids[0], key_of("Allow"), list)));
  plan.server_came({true, false});
  run(2s);
  CHECK(shows.size() == 4);
  CHECK(shows[2].replaces == 0);
  CHECK(shows[3].replaces == 0);
}

TEST_CASE_FIXTURE(plan_fixture, "without a server nothing is due") {
  plan.server_gone();
  put(waiting("a", "c1", "pypi.org"));
  CHECK_FALSE(plan.due().has_value());
  CHECK(plan.calls(now).empty());
}

TEST_CASE_FIXTURE(plan_fixture, "nothing is sent until Notify has answered") {
  put(waiting("a", "c1", "pypi.org"));
  const auto first = plan.calls(now);
  REQUIRE(first.size() == 1);
  put(waiting("b", "c1", "other.org"));
  now += 10s;
  CHECK(plan.calls(now).empty());
  CHECK_FALSE(plan.due().has_value());
  SUBCASE("then the newest state replaces it") {
    plan.shown(std::get<notification_show>(first[0]).tag, 5);
    run(1ms);
    REQUIRE(shows.size() == 1);
    CHECK(last().replaces == 5);
    CHECK(last().summary == "c1: 2 blocked");
  }
  SUBCASE("then what ended meanwhile is closed") {
    remove("a");
    remove("b");
    CHECK(plan.calls(now).empty());
    plan.shown(std::get<notification_show>(first[0]).tag, 5);
    run(1ms);
    CHECK(closes == std::vector<std::uint32_t>{5});
    CHECK(shows.empty());
  }
  SUBCASE("a server that refuses is asked again later") {
    plan.not_shown(std::get<notification_show>(first[0]).tag, now);
    run(9s);
    CHECK(shows.empty());
    run(2s);
    CHECK(shows.size() == 1);
  }
}

TEST_CASE_FIXTURE(plan_fixture, "quiet hours show nothing, then a digest") {
  put(waiting("a", "c1", "pypi.org"));
  run(1s);
  plan.set_quiet(true);
  run(1s);
  CHECK(closes == std::vector<std::uint32_t>{ids[0]});
  put(waiting("b", "c2", "pypi.org"));
  const auto gone = waiting("x", "c3", "pypi.org");
  put(gone);
  decide(gone, "kim");
  run(1h);
  CHECK(shows.size() == 1);
  plan.set_quiet(false);
  run(10s);
  REQUIRE(shows.size() == 2);
  CHECK(last().summary == "Quiet hours are over: 2 containers, 2 blocked");
  CHECK(labels() == labels_of{"Open", "(Open)"});
  // Afterwards it is as before.
  put(waiting("d", "c2", "other.org"));
  run(10s);
  REQUIRE(shows.size() == 3);
  CHECK(last().summary == "c2: 2 blocked");
}

TEST_CASE_FIXTURE(plan_fixture, "quiet hours in which nothing came end "
                                "silently") {
  put(waiting("a", "c1", "pypi.org"));
  run(1s);
  plan.set_quiet(true);
  run(1s);
  plan.set_quiet(false);
  run(10s);
  CHECK(shows.size() == 1);
}

TEST_CASE("a choice of events: what is not wanted is not shown") {
  plan_fixture silent{{false, false}};
  const auto x = waiting("a", "c1", "pypi.org");
  silent.put(x);
  silent.run(5s);
  CHECK(silent.shows.empty());
  plan_fixture brief{{true, false}};
  brief.put(x);
  brief.run(2s);
  brief.decide(x, "kim");
  brief.run(1ms);
  CHECK(brief.shows.size() == 1);
  CHECK(brief.closes.size() == 1);
}

// A container chooses its task's name and what it looks up.
TEST_CASE_FIXTURE(plan_fixture, "texts of containers are text, never markup") {
  auto x = waiting("a", "c1", "<a href=\"http://x\">&\x1b.org");
  x.dossier.push_back({"task", "<b>root</b>\n&"});
  put(x);
  run(1s);
  CHECK(last().summary == "\\x3cb\\x3eroot\\x3c/b\\x3e\\x0a\\x26: 1 blocked");
  CHECK(last().body.starts_with(
      "&lt;a href=\"http://x\"&gt;&amp;\\x1b.org port 443"));
  // A server that does not name body-markup may follow it nevertheless.
  plan.server_came({true, false});
  run(2s);
  CHECK(last().body.starts_with(
      "\\x3ca href=\"http://x\"\\x3e\\x26\\x1b.org port 443"));
}

TEST_CASE_FIXTURE(plan_fixture, "quiet prompts are not shown") {
  auto x = waiting("a", "c1", "pypi.org");
  x.quiet = true;
  put(x);
  run(5s);
  CHECK(shows.empty());
}

} // namespace notification_plan_tests
