// The times of blocks that waited in a hub for somebody to follow it.

#include "services/client/hub_subscription.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace block_times_tests {

using namespace clearance::services;
using namespace std::chrono_literals;
using clearance::test::listener;
using clearance::test::raw_socket;
using clearance::test::temp_dir;

// Time is made up: no test waits.
namespace {

std::string block_reply(const std::string& target) {
  return R"({"continues":true,"parameters":{"event":{)"
         R"("type":"connection_blocked","container":"c1","request_id":"r1",)"
         R"("dest":"203.0.113.7","port":443,"proto":6,"domain":")"
         + target + R"(","dossier":{},"action":"","ok":false,"reason":""}}})"
         + '\0';
}

std::string prompt_seen(const std::string& target, std::int64_t last_seen) {
  return R"({"id":"b-1","revision":1,"container":"c1","dossier":{},"target":")"
         + target + R"(","domain":")" + target
         + R"(","dest":"203.0.113.7","addresses":[],"more_addresses":0,)"
           R"("ports":[],"protocols":[],"flags":[],"first_seen":1,"last_seen":)"
         + std::to_string(last_seen)
         + R"(,"count":1,"state":"waiting","quiet":false,"opens":""})";
}

std::string list_of(const std::string& prompts) {
  return R"({"parameters":{"prompts":[)" + prompts + "]}}" + '\0';
}

struct times_fixture {
  using shown = std::pair<std::string, std::optional<std::int64_t>>;

  void read() {
    hub.read(
        reader,
        [&](const announcement& x) {
          if (x.known)
            got.emplace_back(x.known->domain, hub.time_of(*x.known));
          else
            got.emplace_back();
          return true;
        },
        now);
  }

  /// The connection on which the hub is asked.
  raw_socket asked() {
    auto result = server.accept();
    CHECK(result.read_frame().value().find("Operator1.List")
          != std::string::npos);
    return result;
  }

  temp_dir directory;
  std::string path = directory / "s";
  listener server{path};
  time_point now{};
  hub_subscription hub{path, [](std::string_view) {}};
  raw_socket peer = (hub.seen(true, now), server.accept());
  announcement_reader reader;
  std::vector<shown> got;
};

using all_shown = std::vector<times_fixture::shown>;

} // namespace

TEST_CASE_FIXTURE(times_fixture, "a block that waited has the hub's time") {
  peer.send(block_reply("a.org") + block_reply("b.org"));
  read();
  CHECK(got.empty());
  CHECK(hub.fd() == -1);
  auto question = asked();
  question.send(list_of(prompt_seen("a.org", 77)));
  hub.read_answer(now);
  REQUIRE(hub.fd() >= 0);
  read();
  CHECK(got == all_shown{{"a.org", 77}, {"b.org", {}}});
}

TEST_CASE_FIXTURE(times_fixture, "a long answer is read in pieces") {
  peer.send(block_reply("a.org"));
  read();
  auto question = asked();
  const auto answer = list_of(prompt_seen("a.org", 77));
  question.send(answer.substr(0, 50));
  hub.read_answer(now);
  CHECK(hub.fd() == -1);
  question.send(answer.substr(50));
  hub.read_answer(now);
  read();
  CHECK(got == all_shown{{"a.org", 77}});
}

TEST_CASE_FIXTURE(times_fixture,
                  "a hub that does not answer is not waited for") {
  peer.send(block_reply("a.org"));
  read();
  auto question = asked();
  SUBCASE("because it is slow") {
    CHECK(hub.retry_at() == now + 250ms);
    now += 250ms;
    hub.retry(now);
  }
  SUBCASE("because it keeps no prompts") {
    question.send(R"({"error":"org.varlink.service.MethodNotFound"})"
                  + std::string(1, '\0'));
    hub.read_answer(now);
  }
  SUBCASE("because it closes the connection") {
    question.half_close();
    hub.read_answer(now);
  }
  REQUIRE(hub.fd() >= 0);
  read();
  CHECK(got == all_shown{{"a.org", {}}});
}

TEST_CASE_FIXTURE(times_fixture, "a block that comes later is new") {
  peer.send(block_reply("a.org"));
  read();
  auto question = asked();
  question.send(list_of(prompt_seen("a.org", 77)));
  hub.read_answer(now);
  read();
  now += 201ms;
  peer.send(block_reply("a.org"));
  read();
  CHECK(got == all_shown{{"a.org", 77}, {"a.org", {}}});
}

TEST_CASE_FIXTURE(times_fixture, "a hub without waiting blocks is not asked") {
  peer.send(R"({"continues":true,"parameters":{"event":{"type":"shield_up"}}})"
            + std::string(1, '\0'));
  read();
  CHECK(hub.fd() >= 0);
  peer.send(block_reply("a.org"));
  read();
  CHECK(hub.question_fd() == -1);
  CHECK(got.size() == 2);
}

} // namespace block_times_tests
