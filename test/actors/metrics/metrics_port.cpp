#include "actors/metrics/metrics_port.hpp"

#include "actors/base/error.hpp"
#include "protocol/metrics/limits.hpp"
#include "protocol/metrics/prometheus.hpp"
#include "test/support/doubles/fake_http.hpp"
#include "test/support/fixture/actor_fixture.hpp"

#include <caf/scoped_actor.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>

namespace metrics_port_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;

namespace {

struct metrics_fixture : with_http, actor_fixture {
  metrics_fixture() {
    actors::metrics_config config;
    config.io = &io;
    config.http = &http;
    config.board = board;
    config.listen.path = "/run/m.sock";
    port = actors::spawn_metrics(io, std::move(config));
    run();
  }

  recorded_request_ptr ask(const std::string& method,
                           const std::string& target) {
    auto result = make_request(method, target, "");
    http.bring(result);
    run();
    return result;
  }

  std::uint64_t events = 0;
  int asked = 0;
  actors::counter_board_ptr board = std::make_shared<actors::counter_board>();
  actors::counter_board::place place =
      board->add([this](protocol::counter_list& to) {
        ++asked;
        to.push_back({"registry", "events", events});
      });
  actors::metrics_actor port;
};

} // namespace

TEST_CASE_FIXTURE(metrics_fixture,
                  "a request gets the counters of its moment") {
  REQUIRE(http.specs.size() == 1);
  CHECK(http.specs[0].path == "/run/m.sock");
  CHECK(http.specs[0].role == "metrics socket");
  CHECK(http.specs[0].closes_oldest);
  CHECK(http.specs[0].connections_max == 8);
  events = 5;
  const auto x = ask("GET", "/metrics");
  events = 6;
  CHECK(x->status == 200);
  CHECK(x->text.find("\nterok_clearance_events_total 5\n") != x->text.npos);
  CHECK(
      std::find(x->fields.begin(), x->fields.end(),
                std::pair<std::string, std::string>{
                    "Content-Type", "text/plain; version=0.0.4; charset=utf-8"})
      != x->fields.end());
  // The connection lives until the answer is written.
  CHECK_FALSE(x->dropped);
  x->end({});
  run();
  CHECK(x->dropped);
  advance(protocol::metrics_limits::metrics_age_max);
  CHECK(ask("GET", "/metrics")->text.find("events_total 6\n")
        != std::string::npos);
}

TEST_CASE_FIXTURE(metrics_fixture,
                  "who asks all the time does not make the parts count more") {
  const auto first = ask("GET", "/metrics")->text;
  const auto before = asked;
  events = 5;
  advance(protocol::metrics_limits::metrics_age_max - 1ms);
  for (int i = 0; i < 20; ++i)
    CHECK(ask("GET", "/metrics")->text == first);
  CHECK(asked == before);
  advance(1ms);
  CHECK(ask("GET", "/metrics")->text != first);
  CHECK(asked > before);
}

TEST_CASE_FIXTURE(metrics_fixture, "there is nothing but the metrics") {
  for (const char* target : {"/", "/metrics/", "/metrics?a=b", "", "*"}) {
    CAPTURE(target);
    CHECK(ask("GET", target)->status == 404);
  }
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    CAPTURE(method);
    const auto x = ask(method, "/metrics");
    CHECK(x->status == 405);
    CHECK(x->fields.at(0).second == "GET");
  }
}

TEST_CASE_FIXTURE(metrics_fixture,
                  "an open request ends with its client alone") {
  const auto a = ask("GET", "/metrics");
  const auto b = ask("GET", "/metrics");
  a->end({});
  run();
  CHECK(a->dropped);
  CHECK_FALSE(b->dropped);
  CHECK(http.listening);
  b->end({});
  run();
}

} // namespace metrics_port_tests
