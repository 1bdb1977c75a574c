// What services report of themselves to the service manager.

#include "actors/gate/gate.hpp"
#include "actors/hub/hub.hpp"
#include "actors/hub/session.hpp"
#include "actors/hub/verdict_helper.hpp"
#include "actors/supervisor/supervisor.hpp"
#include "test/support/doubles/fake_executor.hpp"
#include "test/support/doubles/inbox.hpp"
#include "test/support/fixture/container_fixture.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

namespace readiness_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

struct fixture : container_fixture {
  fake_executor executor{*this};
  inbox manager{*this};

  /// What the manager got since the last call: `READY: STATUS` or `STATUS`.
  std::vector<std::string> heard() {
    std::vector<std::string> result;
    for (const auto& x : manager.take<actors::service_state>())
      result.push_back((x.ready ? "READY: " : "") + x.status);
    return result;
  }

  actors::hub_config hub_config() {
    actors::hub_config result;
    result.io = &io;
    result.clearance_socket = "/c";
    result.reader_socket = "/r";
    result.executor = executor.handle();
    result.manager = manager.as<actors::manager_actor>();
    return result;
  }
};

using words = std::vector<std::string>;

} // namespace

TEST_CASE("a hub is ready when it listens, and counts its subscribers") {
  fixture s;
  actors::spawn_hub(s.io, s.hub_config());
  s.run();
  const auto places = "; clients at /c, readers at /r"s;
  CHECK(s.heard() == words{"READY: 0 subscribers" + places});
  auto follow = [&] {
    auto result = s.io.connect("/c");
    s.run();
    result->bring(
        {R"({"method":"org.terok.Clearance1.Subscribe","more":true})"});
    s.run();
    return result;
  };
  auto first = follow();
  CHECK(s.heard() == words{"1 subscriber" + places});
  auto second = follow();
  CHECK(s.heard() == words{"2 subscribers" + places});
  first->hang_up();
  s.run();
  CHECK(s.heard() == words{"1 subscriber" + places});
}

TEST_CASE("a hub that cannot listen on one of its sockets reports nothing") {
  for (auto path : {"/c", "/r"}) {
    CAPTURE(path);
    fixture s;
    s.io.refuse_to_bind(path, "taken");
    actors::spawn_hub(s.io, s.hub_config());
    s.run();
    CHECK(s.heard().empty());
  }
}

TEST_CASE("a hub that ends reports nothing about its subscribers") {
  fixture s;
  auto hub = actors::spawn_hub(s.io, s.hub_config());
  s.run();
  auto client = s.io.connect("/c");
  s.run();
  client->bring({R"({"method":"org.terok.Clearance1.Subscribe","more":true})"});
  s.run();
  s.heard();
  caf::anon_send_exit(hub, caf::exit_reason::user_shutdown);
  s.run();
  CHECK(s.heard().empty());
}

TEST_CASE("inherited descriptors reach the sockets that they are for") {
  fixture s;
  auto config = s.hub_config();
  config.inherited_clearance = 7;
  config.inherited_reader = 8;
  actors::spawn_hub(s.io, std::move(config));
  actors::verdict_helper_config helper{&s.io, "/v", s.executor.handle()};
  helper.inherited = 9;
  actors::spawn_verdict_helper(s.io, std::move(helper));
  s.run();
  CHECK(s.io.listener_at("/c")->spec.inherited == 7);
  CHECK(s.io.listener_at("/r")->spec.inherited == 8);
  CHECK(s.io.listener_at("/v")->spec.inherited == 9);
}

TEST_CASE("a verdict helper is ready when it listens") {
  fixture s;
  actors::verdict_helper_config config{&s.io, "/v", s.executor.handle()};
  config.manager = s.manager.as<actors::manager_actor>();
  actors::spawn_verdict_helper(s.io, std::move(config));
  s.run();
  CHECK(s.heard() == words{"READY: hubs at /v"});
}

TEST_CASE("a gate is ready when it listens, and again when new grants hold") {
  fixture s;
  auto grants = [](std::size_t count) {
    return std::make_shared<const std::vector<protocol::grant>>(
        count, protocol::grant{protocol::sha256("t"), "r", true});
  };
  actors::gate_config config;
  config.io = &s.io;
  config.http = &s.http;
  config.listen.path = "/g";
  config.grants = grants(1);
  config.manager = s.manager.as<actors::manager_actor>();
  auto gate = actors::spawn_gate(s.io, std::move(config));
  s.run();
  CHECK(s.heard() == words{"READY: 1 grant; clients at /g"});
  caf::anon_send(gate, actors::new_grants{grants(3)});
  s.run();
  CHECK(s.heard() == words{"READY: 3 grants; clients at /g"});
  // While it ends it does not become ready again.
  caf::anon_send(gate, actors::stop_atom::value);
  caf::anon_send(gate, actors::new_grants{grants(4)});
  s.run();
  CHECK(s.heard().empty());
}

// -- containers ---------------------------------------------------------------

namespace {

const auto hub_socket = "/run/t/clearance/0123456789ab/hub.sock"s;

struct container_news : fixture {
  actors::container_actor container;

  void start(actors::sidecar_ptr sidecar) {
    auto config = container_config(std::move(sidecar));
    config.watcher = manager.as<actors::container_watcher>();
    container = actors::spawn_container(io, std::move(config));
    run();
  }
  ~container_news() { container = nullptr; }

  words told() {
    words result;
    for (const auto& x : manager.take<actors::container_state>())
      result.push_back(x.id + (x.settled ? " settled" : "")
                       + (x.failing ? " failing" : ""));
    return result;
  }
};

} // namespace

TEST_CASE("a container has settled when all its services serve") {
  container_news s;
  s.start(s.sidecar_of("demo"));
  // First that the hub serves.
  CHECK(s.told() == words{"0123456789ab", "0123456789ab settled"});
  CHECK(s.io.listener_at(hub_socket) != nullptr);
  CHECK(s.http.open.size() == 1);
}

TEST_CASE("a container without a gate does not wait for one") {
  container_news s;
  auto sidecar = s.sidecar("demo");
  sidecar.gate.reset();
  s.start(std::make_shared<const protocol::sidecar>(std::move(sidecar)));
  CHECK(s.told() == words{"0123456789ab settled"});
}

TEST_CASE("a failing service is reported, and later that it serves") {
  container_news s;
  s.http.refuse = "taken";
  s.start(s.sidecar_of("demo"));
  auto told = s.told();
  CHECK(told.back() == "0123456789ab settled failing");
  s.advance(100ms);
  CHECK(s.told().empty()); // as before
  s.http.refuse.clear();
  s.advance(200ms);
  CHECK(s.told() == words{"0123456789ab settled"});
}

TEST_CASE("an executor that was started again no longer counts as failing") {
  container_news s;
  s.start(s.sidecar_of("demo"));
  s.told();
  caf::anon_send_exit(s.io.alive("shield_executor").front(),
                      caf::exit_reason::kill);
  s.run();
  CHECK(s.told() == words{"0123456789ab settled failing"});
  s.advance(100ms);
  CHECK(s.told() == words{"0123456789ab settled"});
}

// -- supervisor ---------------------------------------------------------------

namespace {

struct supervisor_news : fixture {
  actors::supervisor_actor supervisor;

  supervisor_news() {
    auto config = supervisor_config();
    config.manager = manager.as<actors::manager_actor>();
    supervisor = actors::spawn_supervisor(io, std::move(config));
    run();
  }
  ~supervisor_news() { supervisor = nullptr; }

  void see(const std::string& file, const std::string& id) {
    caf::anon_send(supervisor,
                   actors::sidecar_seen{file, sidecar_of(file, id),
                                        protocol::sha256(file + id)});
  }
  template <class T>
  void tell(T x) {
    caf::anon_send(supervisor, std::move(x));
    run();
  }
};

const auto id_a = "aaaaaaaaaaaa0001"s;
const auto id_b = "bbbbbbbbbbbb0001"s;

} // namespace

TEST_CASE(
    "a supervisor is ready only when all containers that it found are served") {
  supervisor_news s;
  s.see("a", id_a);
  s.run();
  CHECK(s.heard().empty()); // more sidecars may come
  s.see("b", id_b);
  caf::anon_send(s.supervisor, actors::sidecars_read{});
  // The containers run, and their hubs do not yet.
  while (s.io.alive("container").size() < 2)
    REQUIRE(s.scheduler.try_run_once());
  CHECK(s.heard().empty());
  s.run();
  CHECK(s.heard() == words{"READY: 2 containers"});
  s.tell(actors::sidecar_gone{"a"});
  CHECK(s.heard().back() == "1 container");
}

TEST_CASE("a supervisor with nothing to serve is ready at once") {
  supervisor_news s;
  s.tell(actors::sidecars_read{});
  CHECK(s.heard() == words{"READY: 0 containers"});
}

TEST_CASE("a container that fails or has ended does not delay the supervisor") {
  supervisor_news s;
  s.io.refuse_to_bind("/run/t/clearance/aaaaaaaaaaaa/hub.sock", "taken");
  s.see("a", id_a);
  s.tell(actors::sidecars_read{});
  CHECK(s.heard() == words{"READY: 1 container, 1 with a service that fails"});
  // The container actor crashes, which counts as failing, too.
  s.crash(s.io.alive("container").front(), caf::exit_reason::kill);
  CHECK(s.heard().back() == "1 container, 1 with a service that fails");
  s.log.clear();
  s.tell(actors::sidecar_gone{"a"});
  CHECK(s.heard().back() == "0 containers");
}

TEST_CASE("a supervisor that stops reports nothing more about its containers") {
  supervisor_news s;
  s.see("a", id_a);
  s.tell(actors::sidecars_read{});
  s.heard();
  s.tell(actors::stop_atom::value);
  CHECK(s.heard().empty());
}

} // namespace readiness_tests
