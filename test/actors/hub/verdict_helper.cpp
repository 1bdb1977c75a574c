#include "actors/hub/verdict_helper.hpp"

#include "actors/base/error.hpp"
#include "actors/executor/shield_executor.hpp"
#include "test/support/fixture/actor_fixture.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

namespace verdict_helper_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
using actors::stream_end;
using how = actors::process_ended::how;
namespace limits = protocol::limits;

namespace {

const auto socket_path = "/run/verdict.sock"s;

/// A helper with an executor that runs the shield, on a fake I/O host.
struct fixture : actor_fixture {
  actors::shield_executor_actor executor = actors::spawn_shield_executor(
      io, actors::shield_executor_config{&io, "terok-shield"});
  actors::service_actor helper;
  std::optional<caf::error> ended;

  ~fixture() { end_hosted(); }

  void start() {
    helper = actors::spawn_verdict_helper(
        io, actors::verdict_helper_config{&io, socket_path, executor});
    caf::actor_cast<caf::abstract_actor*>(helper)->attach_functor(
        [this](const caf::error& why) { ended = why; });
    run();
  }

  fake_connection_ptr connect() {
    auto result = io.connect(socket_path);
    run();
    return result;
  }

  void bring(const fake_connection_ptr& x, const std::string& message,
             stream_end end = stream_end::none) {
    x->bring({message}, end);
    run();
  }
};

const auto apply = R"({"method":"org.terok.ClearanceVerdict1.Apply",)"
                   R"("parameters":{"container":"c1","dest":"d",)"
                   R"("action":"deny"}})"s;

} // namespace

TEST_CASE("a helper asks the shield what it can do") {
  fixture s;
  s.start();
  auto hub = s.connect();
  const auto ask = R"({"method":"org.terok.ClearanceShield1.Capabilities")"s;
  s.bring(hub, ask + "}");
  REQUIRE(s.io.runs.size() == 1);
  CHECK(s.io.runs[0]->spec.arguments == std::vector{"capabilities"s});
  s.io.end_run(0, how::exited, 0, "for\nexact-names\n");
  s.run();
  CHECK(hub->flush_taken()
        == R"({"parameters":{"words":["for","exact-names"]}})"s + '\0');
  s.bring(hub, ask + R"(,"oneway":true})");
  REQUIRE(s.io.runs.size() == 2);
  s.io.end_run(1, how::not_found, 0, "");
  s.run();
  CHECK(hub->flush_taken().empty());
  CHECK(hub->reading());
}

TEST_CASE("a helper's verdict may end by itself") {
  fixture s;
  s.start();
  auto hub = s.connect();
  s.bring(hub,
          R"({"method":"org.terok.ClearanceShield1.Apply","parameters":)"
          R"({"container":"c1","dest":"d","action":"allow","seconds":60}})");
  REQUIRE(s.io.runs.size() == 1);
  CHECK(s.io.runs[0]->spec.arguments
        == std::vector{"allow"s, "c1"s, "d"s, "--for"s, "60"s});
}

TEST_CASE("a helper listens, runs the shield and replies with the outcome") {
  fixture s;
  s.start();
  auto listener = s.io.listener_at(socket_path);
  REQUIRE(listener != nullptr);
  CHECK(listener->spec.role == "verdict socket");
  CHECK(listener->spec.framing == actors::framing::varlink);
  CHECK(s.log.only("serving")["socket"] == socket_path);
  auto hub = s.connect();
  s.bring(hub, apply);
  REQUIRE(s.io.runs.size() == 1);
  CHECK(s.io.runs[0]->spec.arguments[0] == "deny");
  s.io.end_run(0, how::exited, 1, "no");
  s.run();
  CHECK(hub->taken() == R"({"parameters":{"ok":false,"stderr":"no"}})"s + '\0');
}

// The helper trusts every client of our uid. A client that bypasses the hub
// leaves a trace here alone.
TEST_CASE("a verdict that a helper executes or refuses leaves an audit line") {
  fixture s;
  s.start();
  auto client = s.connect();
  s.bring(client, apply);
  s.io.end_run(0, how::exited, 1, "no\n");
  s.run();
  auto line = s.log.only("verdict failed");
  CHECK(line.level == actors::severity::notice);
  CHECK(line["action"] == "deny");
  CHECK(line["container"] == "c1");
  CHECK(line["dest"] == "d");
  CHECK(line["uid"] == "1000");
  CHECK(line["pid"] == "4242");
  CHECK(line["command"] == "client");
  CHECK(line["stderr"] == "no");
  s.bring(client, apply);
  s.io.end_run(1, how::exited, 0, "");
  s.run();
  CHECK(s.log.only("verdict applied")["dest"] == "d");
  auto invalid = apply;
  invalid.replace(invalid.find("deny"), 4, "nope");
  s.bring(client, invalid);
  line = s.log.only("verdict refused");
  CHECK(line["action"] == "nope");
  CHECK(line["why"] == "invalid action");
}

TEST_CASE(
    "when a client leaves, the number of its unlogged verdicts is logged") {
  fixture s;
  s.start();
  auto client = s.connect();
  auto invalid = apply;
  invalid.replace(invalid.find("deny"), 4, "nope");
  for (std::size_t i = 0; i < limits::log_max_lines + 2; ++i)
    s.bring(client, invalid);
  client->end(stream_end::eof);
  s.run();
  CHECK(s.log.with("verdict refused").size() == limits::log_max_lines);
  auto line = s.log.only("more denied verdicts of a client that left");
  CHECK(line["not_logged"] == "2");
  CHECK(line["pid"] == "4242");
}

// One client may connect again for each 64, or many may come at once.
TEST_CASE(
    "refused verdicts of all clients are logged at most 128 times a second") {
  fixture s;
  s.start();
  auto invalid = apply;
  invalid.replace(invalid.find("deny"), 4, "nope");
  for (int i = 0; i < 3; ++i) {
    auto client = s.connect();
    for (std::size_t n = 0; n < limits::log_max_lines; ++n)
      s.bring(client, invalid);
    client->end(stream_end::eof);
    s.run();
  }
  CHECK(s.log.with("verdict refused").size() == limits::log_max_lines_of_all);
  CHECK(s.log.with("more denied verdicts of a client that left").empty());
  s.log.clear();
  s.advance(limits::log_interval);
  s.bring(s.connect(), invalid);
  CHECK(s.log.only("verdict refused")["others_not_logged"]
        == std::to_string(limits::log_max_lines));
}

TEST_CASE("a helper does not offer the hub's interface") {
  fixture s;
  s.start();
  auto client = s.connect();
  s.bring(client, R"({"method":"org.terok.Clearance1.Subscribe","more":true})");
  CHECK(client->taken().find("InterfaceNotFound") != ""s.npos);
}

TEST_CASE("a helper serves its clients at the same time") {
  fixture s;
  s.start();
  auto a = s.connect();
  auto b = s.connect();
  s.bring(a, apply);
  s.bring(b, apply);
  REQUIRE(s.io.runs.size() == 2);
  s.io.end_run(1, how::exited);
  s.run();
  CHECK(a->taken().empty());
  CHECK(b->taken() == R"({"parameters":{"ok":true,"stderr":""}})"s + '\0');
}

TEST_CASE("a helper that cannot bind its socket ends and says why") {
  fixture s;
  s.io.refuse_to_bind(socket_path, "the verdict socket is taken");
  s.start();
  CHECK(s.io.alive("verdict_helper").empty());
  REQUIRE(s.ended);
  CHECK(*s.ended == actors::make_error(actors::errc::bind_failed));
  CHECK(actors::what(*s.ended) == "the verdict socket is taken");
  CHECK(s.log.with("serving").empty());
}

TEST_CASE("when a client leaves, the helper and the verdict go on") {
  fixture s;
  s.start();
  auto client = s.connect();
  s.bring(client, apply, stream_end::broken);
  s.bring(s.connect(), "nonsense");
  CHECK(s.io.running() == 1);
  client->take(0);
  client->break_when_full();
  s.io.end_run(0, how::exited);
  s.run();
  CHECK(s.io.alive("session").empty());
  CHECK(s.io.alive("verdict_helper").size() == 1);
}

TEST_CASE("a helper that ends closes its socket and its connections") {
  fixture s;
  s.start();
  auto idle = s.connect();
  auto busy = s.connect();
  s.bring(busy, apply);
  s.crash(s.helper, caf::exit_reason::user_shutdown);
  CHECK(s.io.listener_at(socket_path) == nullptr);
  CHECK_FALSE(idle->open());
  CHECK_FALSE(busy->open());
  CHECK(s.io.alive("session").empty());
  // the executor's run: the executor does not end with the helper
  CHECK(s.io.running() == 1);
  s.io.end_run(0, how::exited);
  s.run();
}

TEST_CASE("if a session crashes, the helper ends") {
  fixture s;
  s.start();
  s.connect();
  s.crash(s.io.alive("session").at(0), caf::sec::runtime_error);
  CHECK(s.io.alive("verdict_helper").empty());
  CHECK(*s.ended == caf::sec::runtime_error);
}

TEST_CASE("the helper's report counts its clients, and the peers it refused") {
  fixture s;
  s.start();
  s.connect();
  s.bring(s.connect(), "nonsense");
  s.io.listener_at(socket_path)->refused = 4;
  caf::anon_send(s.helper, actors::report_atom::value);
  s.run();
  auto line = s.log.only("counters");
  CHECK(line.component == "verdict_helper");
  CHECK(line["clients"] == "2");
  CHECK(line["refused"] == "4");
}

} // namespace verdict_helper_tests
