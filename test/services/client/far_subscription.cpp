#include "services/client/hub_subscription.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace far_subscription_tests {

using namespace clearance::services;
using namespace std::chrono_literals;
using clearance::test::listener;
using clearance::test::temp_dir;

// Time is made up: no test waits.
namespace {

std::vector<std::string> far_said;

void say_far(std::string_view what) {
  far_said.emplace_back(what);
}

std::string event_of(const std::string& type) {
  return R"({"continues":true,"parameters":{"event":{"type":")" + type + "\"}}}"
         + '\0';
}

/// More than a hub of another machine may send before it is asked.
const std::string much = event_of(std::string(40'000, 'a'));

const std::string name = "far:/run/hub.sock";

/// A subscription whose route leads to a socket of the test.
struct far_subscription_fixture {
  far_subscription_fixture() { far_said.clear(); }

  void read() {
    hub.read(
        reader,
        [&](const announcement& x) {
          got.push_back(x.json);
          return true;
        },
        now);
  }

  /// The call with which the hub is asked, once it is due.
  clearance::test::raw_socket asked() {
    CHECK(hub.retry_at() == now + 2s);
    now += 2s;
    hub.retry(now);
    auto result = server.accept();
    CHECK(result.read_frame().value().find(".Lost") != std::string::npos);
    return result;
  }

  using outcome = std::variant<descriptor, std::string>;

  temp_dir directory;
  std::string path = directory / "s";
  listener server{path};
  std::string away; ///< why the machine is away
  hub_subscription hub{hub_route{name,
                                 [this]() -> outcome {
                                   if (!away.empty())
                                     return away;
                                   auto x = connect_unix(path, 0ms);
                                   return std::move(std::get<descriptor>(x));
                                 },
                                 [this] { return away; }},
                       say_far};
  announcement_reader reader;
  std::vector<std::string> got;
  time_point now{};
};

using texts = std::vector<std::string>;
const texts following{"following the hub at " + name};

} // namespace

TEST_CASE_FIXTURE(far_subscription_fixture,
                  "a hub of another machine is asked what it dropped") {
  hub.announced(1, now);
  CHECK(hub.is_far());
  auto first = server.accept();
  CHECK(first.read_frame().value().find("Subscribe") != std::string::npos);
  first.send(event_of("a"));
  read();
  CHECK_FALSE(hub.retry_at().has_value()); // that was little
  first.send(much);
  read();
  SUBCASE("nothing, and nothing is said") {
    auto question = asked();
    question.send(R"({"parameters":{"events":0}})" + std::string(1, '\0'));
    hub.read_answer(now);
    CHECK(far_said == following);
    CHECK_FALSE(hub.retry_at().has_value());
    first.send(much); // it is asked again
    read();
    auto again = asked();
    CHECK(hub.following());
  }
  SUBCASE("some: watch subscribes anew, once all that came is read") {
    now += 1s;
    first.send(event_of("b"));
    read();
    auto question = asked();
    question.send(R"({"parameters":{"events":3}})" + std::string(1, '\0'));
    hub.read_answer(now);
    REQUIRE(far_said.size() == 3);
    CHECK(far_said[1].starts_with("the hub at " + name + " dropped 3 events"));
    CHECK(far_said[1].ends_with(
        "`terok-clearance list --host far` shows all that wait"));
    CHECK(got.size() == 3);
    auto second = server.accept();
    CHECK(second.read_frame().value().find("Subscribe") != std::string::npos);
  }
  SUBCASE("an older hub cannot say it, and is asked once") {
    auto question = asked();
    question.send(R"({"error":"org.varlink.service.MethodNotFound"})"
                  + std::string(1, '\0'));
    hub.read_answer(now);
    CHECK(hub.question_fd() == -1);
    first.send(much);
    read();
    CHECK_FALSE(hub.retry_at().has_value());
    CHECK(far_said == following);
    CHECK(got.size() == 3);
  }
  SUBCASE("the answer does not come: events come as before") {
    auto question = asked();
    CHECK(hub.retry_at() == now + 10s);
    now += 10s;
    hub.retry(now);
    CHECK(hub.question_fd() == -1);
    first.send(event_of("b"));
    read();
    CHECK(got.size() == 3);
    CHECK(far_said == following);
  }
}

TEST_CASE_FIXTURE(far_subscription_fixture,
                  "a machine that is away is no matter of its hubs") {
  hub.announced(1, now);
  { auto gone = server.accept(); }
  away = "far is away: the connection ended";
  read();
  CHECK_FALSE(hub.following());
  now += 50ms;
  hub.retry(now);
  CHECK(far_said == following);
  // The machine announces another epoch when it is back.
  away.clear();
  hub.announced(2, now);
  CHECK(hub.following());
  CHECK(far_said.size() == 2);
}

TEST_CASE_FIXTURE(far_subscription_fixture,
                  "a hub of another machine that ends is said to be gone") {
  hub.announced(1, now);
  { auto gone = server.accept(); }
  read();
  CHECK(far_said.back() == "the hub at " + name + " went away; waiting for it");
  hub.announced(1, now + 49ms); // the same hub as before
  CHECK_FALSE(hub.following());
  hub.announced(1, now + 50ms);
  CHECK(hub.following());
}

} // namespace far_subscription_tests
