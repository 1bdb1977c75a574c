#include "actors/gate/upkeep.hpp"

#include "actors/gate/gate.hpp"
#include "protocol/gate/limits.hpp"
#include "test/support/doubles/fake_http.hpp"
#include "test/support/fixture/actor_fixture.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace upkeep_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
namespace limits = protocol::gate_limits;
using how = actors::process_ended::how;

namespace {

struct tended_gate : with_http, actor_fixture {
  actors::gate_actor gate;

  void start(bool at_start, const std::string& hooks = "/hooks") {
    actors::gate_config config;
    config.io = &io;
    config.http = &http;
    config.grants = grants({{protocol::sha256("token"), "r", true},
                            {protocol::sha256("other"), "r", true},
                            {protocol::sha256("third"), "b", false}});
    config.backend.program = "/git-http-backend";
    config.backend.cgi.hooks_path = hooks;
    config.upkeep = {"/terok-gate", "/mirrors", "7", at_start};
    gate = actors::spawn_gate(io, std::move(config));
    run();
  }

  static actors::grants_ptr grants(std::vector<protocol::grant> list) {
    return std::make_shared<const std::vector<protocol::grant>>(
        std::move(list));
  }

  recorded_request_ptr bring(std::string target) {
    auto result = make_request("POST", std::move(target), "token");
    http.bring(result);
    run();
    REQUIRE_EQ(result->plans.size(), 1);
    return result;
  }
  recorded_request_ptr push() { return bring("/r.git/git-receive-pack"); }
  recorded_request_ptr fetch() { return bring("/r.git/git-upload-pack"); }

  void end(const recorded_request_ptr& x) {
    x->end({200, 0, 0, {}});
    run();
  }

  void tended(std::size_t index, how what = how::exited, int code = 0,
              std::string said = {}) {
    io.end_run(index, what, code, std::move(said));
    run();
  }

  void stop() {
    caf::anon_send(gate, actors::stop_atom::value);
    run();
  }

  bool alive() const { return !io.alive("gate").empty(); }
};

} // namespace

TEST_CASE_FIXTURE(tended_gate, "a gate tends its repositories at the start") {
  start(true);
  REQUIRE_EQ(io.runs.size(), 1);
  CHECK_EQ(io.runs[0]->spec.program, "/terok-gate");
  CHECK(io.runs[0]->spec.arguments
        == std::vector<std::string>{"tend", "/mirrors", "b", "r",
                                    "--backup-days=7"});
}

TEST_CASE_FIXTURE(tended_gate, "without hooks, or not told to, it does not") {
  SUBCASE("no hooks") {
    start(true, std::string(protocol::no_hooks));
    advance(2 * limits::upkeep_interval);
  }
  SUBCASE("not at the start") {
    start(false);
    advance(limits::upkeep_interval - 1s);
  }
  CHECK(io.runs.empty());
}

TEST_CASE_FIXTURE(tended_gate,
                  "a push is followed by upkeep, when all is idle") {
  start(false);
  auto first = push();
  auto second = fetch();
  advance(2 * limits::upkeep_idle_time);
  end(first);
  advance(2 * limits::upkeep_idle_time);
  CHECK(io.runs.empty()); // the fetch is not done
  end(second);
  advance(limits::upkeep_idle_time - 1s);
  end(fetch()); // the time begins anew
  advance(limits::upkeep_idle_time - 1s);
  CHECK(io.runs.empty());
  advance(1s);
  CHECK_EQ(io.runs.size(), 1);
}

TEST_CASE_FIXTURE(tended_gate, "a fetch is not followed by upkeep") {
  start(false);
  end(fetch());
  advance(10 * limits::upkeep_idle_time);
  CHECK(io.runs.empty());
}

TEST_CASE_FIXTURE(tended_gate, "upkeep comes back after a day") {
  start(true);
  tended(0);
  advance(limits::upkeep_interval - 1s);
  CHECK_EQ(io.runs.size(), 1);
  advance(1s);
  CHECK_EQ(io.runs.size(), 2);
  tended(1);
  auto request = fetch();
  advance(limits::upkeep_interval + 1s);
  CHECK_EQ(io.runs.size(), 2);
  end(request);
  advance(limits::upkeep_idle_time);
  CHECK_EQ(io.runs.size(), 3);
}

TEST_CASE_FIXTURE(tended_gate,
                  "one run at a time, and a push in it is not lost") {
  start(true);
  end(push());
  advance(10 * limits::upkeep_idle_time);
  CHECK_EQ(io.runs.size(), 1);
  CHECK_FALSE(io.runs[0]->killed); // whoever asks meanwhile
  tended(0);
  advance(limits::upkeep_idle_time);
  CHECK_EQ(io.runs.size(), 2);
}

TEST_CASE_FIXTURE(tended_gate, "what was done is logged, and what went wrong") {
  start(true);
  tended(0, how::exited, 0, "done: removed 2 backups\nr.git: \x1b[31mbad\n");
  const auto good = log.only("tended a repository");
  CHECK(good.level == actors::severity::info);
  CHECK_EQ(good["what"], "removed 2 backups");
  const auto bad = log.only("a repository needs attention");
  CHECK(bad.level == actors::severity::warning);
  CHECK_EQ(bad["what"], "r.git: \\x1b[31mbad");
  log.clear();
  end(push());
  advance(limits::upkeep_idle_time);
  tended(1, how::not_found);
  REQUIRE_EQ(log.all().size(), 2); // and "answered"
  CHECK_EQ(log.all()[1]["why"], "there is no such program");
  CHECK(log.all()[1].level == actors::severity::warning);
}

TEST_CASE_FIXTURE(tended_gate, "new grants are the next run's") {
  start(true);
  tended(0);
  caf::anon_send(gate, actors::new_grants{
                           grants({{protocol::sha256("token"), "*", true}})});
  run();
  advance(limits::upkeep_interval);
  REQUIRE_EQ(io.runs.size(), 2);
  CHECK_EQ(io.runs[1]->spec.arguments[2], "*");
}

TEST_CASE_FIXTURE(tended_gate,
                  "a gate that stops waits for upkeep, but not long") {
  start(true);
  stop();
  CHECK(alive());
  SUBCASE("it ends") {
    tended(0);
  }
  SUBCASE("it does not end") {
    advance(limits::stop_grace);
  }
  CHECK_FALSE(alive());
  CHECK(io.alive("upkeep").empty());
}

TEST_CASE_FIXTURE(tended_gate, "a gate that stops starts no upkeep") {
  start(false);
  auto last = push();
  stop();
  end(last);
  CHECK_FALSE(alive());
  advance(2 * limits::upkeep_interval);
  CHECK(io.runs.empty());
}

} // namespace upkeep_tests
