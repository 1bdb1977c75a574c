#include "actors/gate/gate.hpp"

#include "actors/base/error.hpp"
#include "protocol/gate/limits.hpp"
#include "test/support/doubles/fake_http.hpp"
#include "test/support/fixture/actor_fixture.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace gate_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
namespace limits = protocol::gate_limits;

namespace {

const std::string refs = "/r.git/info/refs?service=git-upload-pack";

/// A gate between a played HTTP server and no git at all.
struct fixture : with_http, actor_fixture {
  actors::gate_actor gate;

  fixture() {
    actors::gate_config config;
    config.io = &io;
    config.http = &http;
    config.listen.path = "/gate.sock";
    config.grants = grants({{protocol::sha256("token"), "r", true}});
    config.backend.program = "/git-http-backend";
    gate = actors::spawn_gate(io, std::move(config));
    run();
  }

  static actors::grants_ptr grants(std::vector<protocol::grant> list) {
    return std::make_shared<const std::vector<protocol::grant>>(
        std::move(list));
  }

  recorded_request_ptr bring(std::string_view token = "token") {
    auto result = make_request("GET", refs, token);
    http.bring(result);
    run();
    return result;
  }

  std::vector<recorded_request_ptr> bring(std::size_t count,
                                          std::string_view token = "token") {
    std::vector<recorded_request_ptr> result;
    for (std::size_t i = 0; i < count; ++i)
      result.push_back(bring(token));
    return result;
  }

  void end(const recorded_request_ptr& x, int status = 200) {
    x->end({status, 0, 0, {}});
    run();
  }

  bool alive() const { return !io.alive("gate").empty(); }
  std::size_t git_requests() const { return io.alive("git_request").size(); }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a gate listens where it is told") {
  REQUIRE_EQ(http.specs.size(), 1);
  CHECK_EQ(http.specs[0].path, "/gate.sock");
  CHECK_EQ(log.only("serving")["at"], "nowhere");
}

TEST_CASE("a gate that cannot listen ends with the reason") {
  fake_http http;
  actor_fixture fixture;
  http.error = make_error(actors::errc::bind_failed, "no such place");
  actors::gate_config config;
  config.io = &fixture.io;
  config.http = &http;
  caf::error why;
  auto gate = actors::spawn_gate(fixture.io, config);
  caf::actor_cast<caf::strong_actor_ptr>(gate)->get()->attach_functor(
      [&](const caf::error& x) { why = x; });
  fixture.run();
  CHECK_EQ(actors::what(why), "no such place");
}

TEST_CASE_FIXTURE(fixture, "each request has an git_request for its life") {
  auto a = bring();
  auto b = bring();
  CHECK_EQ(git_requests(), 2);
  CHECK_EQ(a->plans.size(), 1);
  end(a);
  CHECK_EQ(git_requests(), 1);
  CHECK(a->dropped);
  CHECK_FALSE(b->dropped);
  end(b);
  CHECK_EQ(git_requests(), 0);
  CHECK(alive());
}

TEST_CASE_FIXTURE(fixture,
                  "as many backends run as may, others wait in order") {
  auto running = bring(limits::backends_max);
  for (auto& x : running)
    CHECK_EQ(x->plans.size(), 1);
  auto first = bring();
  auto second = bring();
  CHECK(first->plans.empty());
  end(running[3]);
  CHECK_EQ(first->plans.size(), 1);
  CHECK(second->plans.empty());
  end(running[0]);
  CHECK_EQ(second->plans.size(), 1);
}

TEST_CASE_FIXTURE(fixture,
                  "as many requests wait as may, one more is refused") {
  auto running = bring(limits::backends_max);
  auto waiting = bring(limits::backends_waiting_max);
  for (auto& x : waiting)
    CHECK_EQ(x->status, 0);
  auto one_more = bring();
  CHECK_EQ(one_more->status, 503);
  CHECK(one_more->fields == protocol::http_fields{{"Retry-After", "5"}});
  // A place among those who wait is free again.
  end(running[0]);
  CHECK_EQ(waiting[0]->plans.size(), 1);
  CHECK_EQ(bring()->status, 0);
  CHECK_EQ(bring()->status, 503);
}

namespace {

/// A gate of two tokens.
struct shared_fixture : fixture {
  shared_fixture() {
    caf::anon_send(gate, actors::new_grants{
                             grants({{protocol::sha256("token"), "r", true},
                                     {protocol::sha256("other"), "r", true}})});
    run();
    log.clear();
  }
};

constexpr auto share = limits::backends_max / limits::token_share_divisor;
constexpr auto waiting_share =
    limits::backends_waiting_max / limits::token_share_divisor;

} // namespace

TEST_CASE_FIXTURE(shared_fixture, "of two tokens one has half of the slots") {
  auto running = bring(share);
  for (auto& x : running)
    CHECK_EQ(x->plans.size(), 1);
  auto more = bring();
  CHECK(more->plans.empty());
  CHECK_EQ(more->status, 0); // it waits
  auto others = bring(share, "other");
  for (auto& x : others)
    CHECK_EQ(x->plans.size(), 1);
  // A slot of the other token's is not this one's.
  end(others[0]);
  CHECK(more->plans.empty());
  end(running[0]);
  CHECK_EQ(more->plans.size(), 1);
}

TEST_CASE_FIXTURE(shared_fixture, "beyond a token's share there is 429") {
  auto running = bring(share);
  auto waiting = bring(waiting_share);
  auto one_more = bring();
  CHECK_EQ(one_more->status, 429);
  CHECK(one_more->fields == protocol::http_fields{{"Retry-After", "5"}});
  // The other token is not kept waiting.
  CHECK_EQ(bring("other")->plans.size(), 1);
  advance(limits::backend_wait_max);
  for (auto& x : waiting)
    CHECK_EQ(x->status, 429);
  caf::anon_send(gate, actors::report_atom::value);
  run();
  CHECK_EQ(log.only("counters")["over_share"],
           std::to_string(waiting_share + 1));
  CHECK_EQ(log.only("counters")["turned_away"], "0");
}

TEST_CASE_FIXTURE(shared_fixture, "a gate that is full says 503, not 429") {
  auto running = bring(share);
  auto others = bring(share, "other");
  auto waiting = bring(waiting_share);
  auto others_waiting = bring(waiting_share, "other");
  end(others[0]); // one of those who wait takes its place
  CHECK_EQ(others_waiting[0]->plans.size(), 1);
  end(running[0]);
  end(running[1]);
  CHECK_EQ(waiting[1]->plans.size(), 1);
  caf::anon_send(gate, actors::new_grants{
                           grants({{protocol::sha256("third"), "r", true},
                                   {protocol::sha256("other"), "r", true}})});
  run();
  // Its share is free, and the gate is full.
  auto third = bring("third");
  CHECK_EQ(third->status, 0);
  advance(limits::backend_wait_max);
  CHECK_EQ(third->status, 503);
}

TEST_CASE_FIXTURE(shared_fixture, "where one token is left it has all slots") {
  auto running = bring(share);
  auto waiting = bring();
  CHECK(waiting->plans.empty());
  caf::anon_send(gate, actors::new_grants{
                           grants({{protocol::sha256("token"), "r", true},
                                   {protocol::sha256("token"), "s", true}})});
  run();
  CHECK_EQ(waiting->plans.size(), 1);
}

TEST_CASE_FIXTURE(fixture,
                  "while others wait, who runs is asked for its speed") {
  auto running = bring(limits::backends_max);
  advance(10 * limits::crowd_interval);
  CHECK_EQ(running[0]->asked_for_speed, 0); // nobody waits
  auto waiting = bring();
  advance(limits::crowd_interval);
  for (auto& x : running)
    CHECK_EQ(x->asked_for_speed, 1);
  CHECK_EQ(waiting->asked_for_speed, 0);
  advance(limits::crowd_interval);
  CHECK_EQ(running[0]->asked_for_speed, 2);
  end(running[0]);
  advance(10 * limits::crowd_interval);
  CHECK_EQ(running[1]->asked_for_speed, 2);
}

TEST_CASE_FIXTURE(shared_fixture,
                  "who waits for its own share presses its own token alone") {
  auto running = bring(share);
  auto other = bring("other");
  auto waiting = bring();
  advance(limits::crowd_interval);
  for (auto& x : running)
    CHECK_EQ(x->asked_for_speed, 1);
  CHECK_EQ(other->asked_for_speed, 0);
}

TEST_CASE_FIXTURE(fixture, "who waits too long is refused") {
  auto running = bring(limits::backends_max);
  auto waiting = bring();
  advance(limits::backend_wait_max - 1ms);
  CHECK_EQ(waiting->status, 0);
  advance(1ms);
  CHECK_EQ(waiting->status, 503);
  // Its place is not given to it any more.
  end(running[0]);
  CHECK(waiting->plans.empty());
}

TEST_CASE_FIXTURE(fixture, "a client that leaves leaves its place to another") {
  auto running = bring(limits::backends_max);
  auto gone = bring();
  auto next = bring();
  end(gone, 0); // while it waited
  end(running[0]);
  CHECK(gone->plans.empty());
  CHECK_EQ(next->plans.size(), 1);
  log.clear();
}

TEST_CASE_FIXTURE(fixture, "a wrong token is answered late") {
  auto x = bring("wrong");
  CHECK_EQ(x->status, 0);
  advance(limits::auth_failure_delay - 1ms);
  CHECK_EQ(x->status, 0);
  advance(1ms);
  CHECK_EQ(x->status, 403);
}

TEST_CASE_FIXTURE(fixture, "of many wrong tokens some are answered late") {
  auto late = bring(limits::auth_failures_slowed_max, "wrong");
  CHECK_EQ(bring("wrong")->status, 403); // it holds nothing of ours
  for (auto& x : late)
    CHECK_EQ(x->status, 0);
  CHECK_EQ(bring()->plans.size(), 1); // the right one is not slowed down
  advance(limits::auth_failure_delay);
  for (auto& x : late)
    CHECK_EQ(x->status, 403);
  CHECK_EQ(bring("wrong")->status, 0);
  caf::anon_send(gate, actors::report_atom::value);
  run();
  const auto counters = log.only("counters");
  CHECK_EQ(counters["wrong_tokens"],
           std::to_string(limits::auth_failures_slowed_max + 2));
  CHECK_EQ(counters["wrong_tokens_not_slowed"], "1");
}

TEST_CASE_FIXTURE(fixture, "both kinds of waiting keep their own time") {
  auto running = bring(limits::backends_max);
  auto waiting = bring(); // due in 10 s
  auto wrong = bring("wrong");
  advance(limits::auth_failure_delay);
  CHECK_EQ(wrong->status, 403);
  CHECK_EQ(waiting->status, 0);
  advance(limits::backend_wait_max - limits::auth_failure_delay);
  CHECK_EQ(waiting->status, 503);
}

TEST_CASE_FIXTURE(fixture, "new grants count for the next request") {
  caf::anon_send(gate, actors::new_grants{
                           grants({{protocol::sha256("other"), "r", true}})});
  run();
  CHECK_EQ(bring("other")->plans.size(), 1);
  auto old = bring();
  CHECK(old->plans.empty());
  CHECK_EQ(log.only("the grants are new")["grants"], "1");
}

TEST_CASE_FIXTURE(fixture,
                  "a malformed request is logged, a flood of them not") {
  const auto flood = protocol::limits::log_max_lines + 10;
  for (std::size_t i = 0; i < flood; ++i)
    caf::anon_send(gate, actors::malformed_request{400, "why", {1, 2, "x"}});
  run();
  const auto lines = log.with("refused a malformed request");
  REQUIRE_EQ(lines.size(), protocol::limits::log_max_lines);
  CHECK_EQ(lines[0]["status"], "400");
  CHECK_EQ(lines[0]["why"], "why");
  advance(protocol::limits::log_interval);
  caf::anon_send(gate, actors::malformed_request{});
  run();
  CHECK_EQ(log.with("refused a malformed request").back()["not_logged"], "10");
}

// Whoever has no token can ask as often as it likes.
TEST_CASE_FIXTURE(fixture, "requests that go wrong are logged, a flood not") {
  const auto flood = protocol::limits::log_max_lines + 10;
  for (std::size_t i = 0; i < flood; ++i)
    end(bring(), 403);
  CHECK_EQ(log.with("answered").size(), protocol::limits::log_max_lines);
  advance(protocol::limits::log_interval);
  end(bring(), 403);
  CHECK_EQ(
      log.only("some warnings about requests were not written")["not_logged"],
      "10");
  // What goes well is no complaint.
  log.clear();
  for (std::size_t i = 0; i < flood; ++i)
    end(bring());
  CHECK_EQ(log.with("answered").size(), flood);
}

TEST_CASE_FIXTURE(fixture, "an idle gate that is stopped ends at once") {
  caf::anon_send(gate, actors::stop_atom::value);
  run();
  CHECK_FALSE(alive());
  CHECK_FALSE(http.listening);
}

TEST_CASE_FIXTURE(fixture, "a gate that is stopped lets its requests end") {
  auto x = bring();
  caf::anon_send(gate, actors::stop_atom::value);
  run();
  CHECK_FALSE(http.listening);
  CHECK(alive());
  CHECK_FALSE(x->dropped);
  end(x);
  CHECK_FALSE(alive());
}

TEST_CASE_FIXTURE(fixture, "a gate that is stopped does not wait for ever") {
  auto x = bring();
  caf::anon_send(gate, actors::stop_atom::value);
  run();
  advance(limits::stop_grace - 1ms);
  CHECK(alive());
  advance(1ms);
  CHECK_FALSE(alive());
  CHECK(x->dropped); // cut
  CHECK_EQ(git_requests(), 0);
}

TEST_CASE_FIXTURE(fixture, "counters are told when they are asked for") {
  auto running = bring(limits::backends_max);
  auto waiting = bring();
  bring("wrong");
  caf::anon_send(gate, actors::malformed_request{});
  caf::anon_send(gate, actors::report_atom::value);
  run();
  const auto x = log.only("counters");
  CHECK_EQ(x["requests"], "18");
  CHECK_EQ(x["malformed"], "1");
  CHECK_EQ(x["wrong_tokens"], "1");
  CHECK_EQ(x["running"], "16");
  CHECK_EQ(x["waiting"], "1");
  CHECK_EQ(x["turned_away"], "0");
}

} // namespace gate_tests
