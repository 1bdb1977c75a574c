#include "actors/supervisor/container.hpp"

#include "test/support/fixture/container_fixture.hpp"

#include <caf/exit_reason.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace container_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

const auto clearance_socket = "/run/t/clearance/0123456789ab/hub.sock"s;
const auto reader_socket = "/run/t/events/0123456789ab/ingester.sock"s;
const auto gate_socket = "/run/t/sandbox/run/demo/gate/gate-server.sock"s;

/// One container. The test plays its sockets and processes.
struct fixture : container_fixture {
  actors::container_actor container;
  std::optional<caf::error> ended;

  void start(actors::sidecar_ptr sidecar = sidecar_of("demo")) {
    container =
        actors::spawn_container(io, container_config(std::move(sidecar)));
    caf::actor_cast<caf::abstract_actor*>(container)->attach_functor(
        [this](const caf::error& why) { ended = why; });
    run();
  }

  ~fixture() {
    end_hosted();
    container = nullptr;
  }
  fixture() = default;

  caf::actor only(const std::string& name) {
    auto all = io.alive(name);
    REQUIRE(all.size() == 1);
    return all.front();
  }
  std::size_t alive(const std::string& name) const {
    return io.alive(name).size();
  }
  bool listens(const std::string& path) {
    return io.listener_at(path) != nullptr;
  }

  protocol::shield_outcome call(const inbox& caller) {
    return const_cast<inbox&>(caller).only<protocol::shield_outcome>();
  }
};

const protocol::shield_call a_call{protocol::action::allow, "c1", "d1"};

} // namespace

TEST_CASE("a container's services listen where supervisor.md says") {
  fixture s;
  s.start();
  CHECK(s.listens(clearance_socket));
  CHECK(s.listens(reader_socket));
  REQUIRE(s.http.open.size() == 1);
  const auto& spec = s.http.open.front();
  CHECK(spec.path == gate_socket);
  CHECK(spec.lock
        == "/run/t/sandbox/gate-private/demo/lock/gate-server.sock.lock");
  CHECK(spec.address.empty());
  CHECK(s.alive("shield_executor") == 1);
  // The directories are made before git gets their paths.
  CHECK(s.containers.made
        == std::vector{"/run/t/events/0123456789ab"s,
                       "/run/t/clearance/0123456789ab"s,
                       "/run/t/sandbox/gate-private/demo"s,
                       "/run/t/sandbox/gate-private/demo/home"s,
                       "/run/t/sandbox/gate-private/demo/hooks"s,
                       "/run/t/sandbox/gate-private/demo/tmp"s,
                       "/run/t/sandbox/gate-private/demo/lock"s,
                       "/run/t/sandbox/run/demo/gate"s});
}

// A hook that is missing would let a push destroy what it should save.
TEST_CASE("a gate's hooks are written before it listens, locks are named") {
  fixture s;
  auto config = s.container_config(s.sidecar_of("demo"));
  auto around = *config.around;
  SUBCASE("with the program that they run") {
    around.terok_gate = "/bin/terok-gate";
  }
  SUBCASE("without it") {
  }
  config.around =
      std::make_shared<const actors::container_surroundings>(around);
  s.http.on_listen = [&] {
    CHECK_EQ(s.containers.hooks.size(), around.terok_gate.empty() ? 0 : 1);
  };
  s.container = actors::spawn_container(s.io, std::move(config));
  s.run();
  CHECK_EQ(s.http.open.size(), 1);
  CHECK_EQ(s.containers.hooks,
           around.terok_gate.empty()
               ? std::vector<std::string>{}
               : std::vector{"/run/t/sandbox/gate-private/demo/hooks "
                             "/bin/terok-gate"s});
  CHECK_EQ(s.containers.looked, std::vector{"/srv/mirrors/r.git"s});
}

TEST_CASE("the quotas of a container reach its sockets") {
  fixture s;
  s.start();
  namespace limits = protocol::supervisor_limits;
  CHECK(s.io.listener_at(reader_socket)->spec.connections_max
        == limits::readers_max);
  CHECK(s.io.listener_at(clearance_socket)->spec.connections_max
        == limits::clients_max);
  REQUIRE(s.http.open.size() == 1);
  CHECK(s.http.open.front().connections_max == limits::gate_connections_max);
}

TEST_CASE("a container without a token has no gate") {
  fixture s;
  auto x = s.sidecar("demo");
  x.gate.reset();
  s.start(std::make_shared<protocol::sidecar>(std::move(x)));
  CHECK(s.http.open.empty());
  CHECK(s.containers.made.size() == 2);
  CHECK(s.containers.looked.empty());
  CHECK(s.listens(clearance_socket));
}

TEST_CASE("a fault in the gate's fields is logged once, and only the gate is "
          "missing") {
  fixture s;
  auto x = s.sidecar("demo");
  x.gate.reset();
  x.gate_fault = {"project_id", "is missing"};
  s.start(std::make_shared<protocol::sidecar>(std::move(x)));
  CHECK(s.http.open.empty());
  CHECK(s.listens(clearance_socket));
  auto line = s.log.only(
      "the gate is not started: the sidecar has a fault, correct it");
  CHECK(line["service"] == "gate");
  CHECK(line["why"] == "project_id: is missing");
}

TEST_CASE("a container's hub accepts lines about that container only") {
  fixture s;
  s.start();
  auto reader = s.io.connect(reader_socket);
  s.run();
  reader->bring({R"({"type":"shield_down","container":"ffffffffffff"})"});
  s.run();
  CHECK(s.log.only("dropped a reader's line")["why"]
        == "the line names another container");
}

TEST_CASE(
    "a hub that is killed is started again, and the other services go on") {
  fixture s;
  s.start();
  const auto executor = s.only("shield_executor");
  const auto gate = s.only("gate");
  for (auto part : {"hub", "registry", "ingester"}) {
    CAPTURE(part);
    s.crash(s.only(part), caf::exit_reason::kill);
    CHECK(s.alive("hub") == 0);
    CHECK_FALSE(s.listens(clearance_socket));
    s.advance(30s);
    CHECK(s.listens(clearance_socket));
    CHECK(s.listens(reader_socket));
    CHECK(s.alive("registry") == 1);
  }
  CHECK(s.only("shield_executor") == executor);
  CHECK(s.only("gate") == gate);
  const auto lines = s.log.with("a service ended and is started again");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0]["service"] == "hub");
  CHECK(lines[0]["container"] == "demo");
  CHECK(lines[0]["id"] == "0123456789ab");
  CHECK(lines[0]["again_in"] == "100ms");
  CHECK(lines[1]["again_in"] == "200ms");
}

TEST_CASE("a restart waits exactly for its delay") {
  fixture s;
  s.start();
  s.crash(s.only("hub"), caf::exit_reason::kill);
  s.advance(99ms);
  CHECK(s.alive("hub") == 0);
  s.advance(1ms);
  CHECK(s.alive("hub") == 1);
}

TEST_CASE("a hub goes on when its executor ends, and uses the next executor") {
  fixture s;
  inbox caller{s};
  s.start();
  const auto hub = s.only("hub");
  s.crash(s.only("shield_executor"), caf::exit_reason::kill);
  caller.tell(s.container, a_call);
  s.run();
  auto outcome = s.call(caller);
  CHECK_FALSE(outcome.ok);
  CHECK(outcome.stderr_text == "the verdict executor is being restarted");
  s.advance(100ms);
  caller.tell(s.container, a_call);
  s.run();
  REQUIRE(s.io.runs.size() == 1);
  CHECK(s.io.runs[0]->spec.arguments == std::vector{"allow"s, "c1"s, "d1"s});
  s.io.end_run(0, actors::process_ended::how::exited);
  s.run();
  CHECK(s.call(caller).ok);
  CHECK(s.only("hub") == hub);
}

TEST_CASE("a gate that cannot listen is tried again after growing delays") {
  fixture s;
  s.http.refuse = "the port is taken";
  s.start();
  s.advance(100ms);
  s.advance(200ms);
  s.advance(400ms);
  const auto lines = s.log.with("a service ended and is started again");
  REQUIRE(lines.size() == 4);
  CHECK(lines[0]["why"] == "the port is taken");
  CHECK(lines[3]["again_in"] == "800ms");
  CHECK(s.listens(clearance_socket));
  s.http.refuse.clear();
  s.advance(800ms);
  CHECK(s.http.open.size() == 1);
}

TEST_CASE("a hub and a gate without their directories are not started, and "
          "each reason is said once") {
  constexpr auto text =
      "a service cannot start; it is tried again, and this is said once";
  fixture s;
  s.containers.refuse = "no space";
  s.start();
  CHECK(s.alive("gate") == 0);
  CHECK(s.alive("hub") == 0);
  s.advance(1h);
  const auto lines = s.log.with(text);
  REQUIRE(lines.size() == 2);
  for (const auto& line : lines)
    CHECK(line["why"] == "no space");
  CHECK(s.log.with("a service ended and is started again").empty());
  s.containers.refuse = "no rights";
  s.advance(1h);
  CHECK(s.log.with(text).size() == 4);
  s.containers.refuse.clear();
  s.advance(1h);
  CHECK(s.alive("gate") == 1);
  CHECK(s.alive("hub") == 1);
}

TEST_CASE(
    "a container that is stopped ends all services and starts none again") {
  fixture s;
  s.start();
  caf::anon_send(s.container, actors::stop_atom::value);
  s.run();
  REQUIRE(s.ended);
  CHECK_FALSE(*s.ended);
  for (auto name : {"hub", "registry", "ingester", "gate", "shield_executor"})
    CHECK(s.alive(name) == 0);
  CHECK(s.http.open.empty());
  s.advance(60s);
  CHECK_FALSE(s.listens(clearance_socket));
}

TEST_CASE("the end of its first process ends a container") {
  fixture s;
  auto x = s.sidecar("demo");
  x.init_pid = 4711;
  s.start(std::make_shared<protocol::sidecar>(std::move(x)));
  CHECK(s.listens(clearance_socket));
  REQUIRE(s.containers.watches.size() == 1);
  CHECK(s.containers.watches.contains(4711));
  s.containers.end(4711);
  s.run();
  REQUIRE(s.ended);
  CHECK_FALSE(*s.ended);
  CHECK_FALSE(s.listens(clearance_socket));
  CHECK(s.containers.watches.empty());
}

TEST_CASE(
    "a container whose first process has ended already starts no service") {
  fixture s;
  auto x = s.sidecar("demo");
  x.init_pid = 4711;
  s.containers.gone = true;
  s.start(std::make_shared<protocol::sidecar>(std::move(x)));
  REQUIRE(s.ended);
  CHECK_FALSE(*s.ended);
  CHECK(s.io.listened().empty());
  CHECK(s.http.open.empty());
}

// Otherwise the services would outlive their container for as long as the
// sidecar exists.
TEST_CASE(
    "a first process is watched as soon as there is a descriptor for it") {
  fixture s;
  auto x = s.sidecar("demo");
  x.init_pid = 4711;
  s.containers.ran_out = true;
  s.start(std::make_shared<protocol::sidecar>(std::move(x)));
  s.advance(1s);
  CHECK(s.listens(clearance_socket));
  CHECK(s.containers.watches.empty());
  CHECK(s.log.only("the container's first process cannot be watched")["why"]
        == "Too many open files");
  s.containers.ran_out = false;
  SUBCASE("the watched process ends later") {
    s.advance(100ms);
    REQUIRE(s.containers.watches.contains(4711));
    s.containers.end(4711);
    s.run();
  }
  SUBCASE("the process has ended meanwhile") {
    s.containers.gone = true;
    s.advance(100ms);
  }
  REQUIRE(s.ended);
  CHECK_FALSE(*s.ended);
  CHECK_FALSE(s.listens(clearance_socket));
}

TEST_CASE("the crash of a container's actor leaves no service behind") {
  fixture s;
  s.start();
  s.crash(s.container, caf::exit_reason::kill);
  for (auto name : {"hub", "registry", "ingester", "gate", "shield_executor"})
    CHECK(s.alive(name) == 0);
  CHECK_FALSE(s.listens(clearance_socket));
}

} // namespace container_tests
