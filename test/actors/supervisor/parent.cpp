#include "actors/supervisor/parent.hpp"

#include "actors/base/error.hpp"
#include "test/support/fixture/container_fixture.hpp"

#include <caf/exit_reason.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parent_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
using namespace std::chrono_literals;
using words = std::vector<std::string>;

namespace {

const auto clearance_socket = "/run/t/clearance/0123456789ab/hub.sock"s;
const auto verdict_socket = "/run/t/verdict/0123456789ab.sock"s;
const words vault{"vault-program"};
const words signer{"signer-program"};
const words waits{"podman", "wait", "0123456789abcdef"};
const words exists{"podman", "container", "exists", "0123456789abcdef"};

/// One parent with two delegated services. The test plays sockets and
/// processes.
struct parent_fixture : container_fixture {
  actors::parent_actor parent;
  std::optional<caf::error> ended;
  bool isolated = false;
  std::optional<std::int32_t> init_pid;

  void start() {
    auto x = sidecar("demo");
    x.init_pid = init_pid;
    actors::parent_config config;
    config.io = &io;
    config.http = &http;
    config.containers = &containers;
    config.sidecar = std::make_shared<protocol::sidecar>(std::move(x));
    config.around = around();
    config.delegates = {{"vault", vault}, {"signer", signer, true}};
    config.waits = waits;
    config.exists = exists;
    if (isolated)
      config.share = actors::container_share::verdicts;
    parent = actors::spawn_parent(io, std::move(config));
    caf::actor_cast<caf::abstract_actor*>(parent)->attach_functor(
        [this](const caf::error& why) { ended = why; });
    run();
  }

  ~parent_fixture() {
    end_hosted();
    parent = nullptr;
  }
  parent_fixture() = default;

  /// The processes that run, in the order of their start.
  std::vector<words> running() const {
    std::vector<words> result;
    for (const auto& x : containers.services)
      result.push_back(x.argv);
    return result;
  }

  void end_service(const words& argv, bool clean = false,
                   const std::string& why = "exit code 1") {
    containers.end_service(argv, clean, why);
    run();
  }

  void stop() {
    caf::anon_send(parent, actors::stop_atom::value);
    run();
  }

  bool listens(const std::string& path) {
    return io.listener_at(path) != nullptr;
  }
};

} // namespace

TEST_CASE("a parent starts hub and gate first, then the delegated services") {
  parent_fixture s;
  s.start();
  CHECK(s.listens(clearance_socket));
  CHECK(s.http.open.size() == 1);
  CHECK(s.running() == std::vector{vault, signer, waits});
  CHECK_FALSE(s.ended);
}

TEST_CASE("with hub and gate in children the parent executes verdicts only") {
  parent_fixture s;
  s.isolated = true;
  s.start();
  CHECK_FALSE(s.listens(clearance_socket));
  CHECK(s.http.open.empty());
  CHECK(s.listens(verdict_socket));
  CHECK(s.io.alive("shield_executor").size() == 1);
  CHECK(s.containers.made == std::vector{"/run/t/verdict"s});
}

TEST_CASE(
    "a delegated service that ends is started again, and the others go on") {
  parent_fixture s;
  s.start();
  s.end_service(vault, false, "signal 9");
  CHECK(s.running() == std::vector{signer, waits});
  auto line = s.log.only("a delegated service ended and is started again");
  CHECK(line["container"] == "demo");
  CHECK(line["service"] == "vault");
  CHECK(line["why"] == "signal 9");
  CHECK(line["again_in"] == "100ms");
  s.advance(99ms);
  CHECK(s.running().size() == 2);
  s.advance(1ms);
  CHECK(s.running() == std::vector{signer, waits, vault});
  s.end_service(vault, true, "exit code 0");
  s.advance(100ms);
  CHECK(s.running().size() == 2);
  s.advance(100ms);
  CHECK(s.running().size() == 3);
  CHECK(s.listens(clearance_socket));
}

TEST_CASE(
    "a delegated service that cannot be started does not affect the others") {
  parent_fixture s;
  s.containers.refuse_service = "vault-program was not found";
  s.start();
  CHECK(s.listens(clearance_socket));
  CHECK_FALSE(s.ended);
  CHECK(s.log.with("a delegated service ended and is started again").size()
        == 2);
  s.containers.refuse_service.clear();
  s.advance(100ms);
  CHECK(s.running().size() >= 2);
}

TEST_CASE(
    "a delegated service that ends again and again is logged each minute") {
  const auto ended = "a delegated service ended and is started again"s;
  const auto started = "started a delegated service"s;
  parent_fixture s;
  s.start();
  CHECK(s.log.with(started).size() == 2);
  // Each try fails at once; the delays reach 30 s.
  const auto fail_for = [&](std::chrono::milliseconds time) {
    for (auto left = time; left > 0ms; left -= 100ms) {
      s.end_service(vault, false, "exit code 4");
      s.advance(100ms);
    }
    s.end_service(vault, false, "exit code 4");
  };
  fail_for(59'900ms);
  auto line = s.log.only(ended);
  CHECK(line["service"] == "vault");
  CHECK(line["not_logged"].empty());
  CHECK(s.log.with(started).size() == 3);
  fail_for(40s);
  const auto all = s.log.with(ended);
  REQUIRE(all.size() == 2);
  // 100, 200, ... 25600 ms end within the first 51.1 s, the next one after
  // 81.1 s.
  CHECK(all[1]["not_logged"] == "9");
  CHECK(s.log.with(started).size() == 3);
}

TEST_CASE("a parent passes SIGHUP on to the services that reload, once") {
  parent_fixture s;
  s.start();
  REQUIRE(s.containers.services.size() == 3);
  CHECK(s.containers.services[0].hangup == actors::at_hangup::end);
  CHECK(s.containers.services[1].hangup == actors::at_hangup::wait);
  const auto reload = [&] {
    caf::anon_send(s.parent, actors::reload_atom::value);
    s.run();
    return std::exchange(s.containers.reloads, {});
  };
  CHECK(reload() == words{"signer-program"});
  s.end_service(signer);
  CHECK(reload().empty());
  s.advance(100ms);
  CHECK(reload() == words{"signer-program"});
  s.stop();
  CHECK(reload().empty());
}

TEST_CASE("a parent that can start nothing says so and ends") {
  parent_fixture s;
  s.containers.refuse_service = "was not found";
  s.containers.refuse = "no space";
  s.start();
  REQUIRE(s.ended);
  CHECK(*s.ended == actors::make_error(actors::errc::nothing_started));
  CHECK(s.io.alive("container").empty());
}

TEST_CASE("a parent with one running delegated service goes on") {
  parent_fixture s;
  s.containers.refuse = "no space";
  s.start();
  CHECK_FALSE(s.ended);
  s.containers.refuse.clear();
  s.advance(30s);
  CHECK(s.listens(clearance_socket));
}

TEST_CASE("a parent that is stopped ends its services in reverse order, then "
          "itself") {
  parent_fixture s;
  s.start();
  s.stop();
  CHECK(s.containers.ends == words{"signer-program", "vault-program"});
  CHECK_FALSE(s.listens(clearance_socket));
  CHECK(s.http.open.empty());
  CHECK_FALSE(s.ended);
  s.end_service(vault, true, "exit code 0");
  CHECK_FALSE(s.ended);
  s.end_service(signer);
  REQUIRE(s.ended);
  CHECK_FALSE(*s.ended);
  // nothing is started again
  s.advance(60s);
  CHECK(s.running().empty());
}

TEST_CASE("a service that does not end within five seconds is killed") {
  parent_fixture s;
  s.start();
  s.stop();
  s.end_service(signer);
  s.advance(4999ms);
  CHECK(s.running() == std::vector<words>{vault});
  s.advance(1ms);
  CHECK(s.running().empty());
  REQUIRE(s.ended);
  CHECK_FALSE(*s.ended);
  CHECK(s.log.only(
            "a delegated service did not end in time and is killed")["service"]
        == "vault");
}

TEST_CASE("the end of the container's first process ends everything") {
  parent_fixture s;
  s.init_pid = 4711;
  s.start();
  // With a pid podman is not asked.
  CHECK(s.running() == std::vector{vault, signer});
  s.containers.end(4711);
  s.run();
  CHECK(s.containers.ends.size() == 2);
  s.end_service(vault);
  s.end_service(signer);
  REQUIRE(s.ended);
  CHECK_FALSE(*s.ended);
}

TEST_CASE("without a pid the end of `podman wait` ends everything") {
  parent_fixture s;
  s.start();
  s.end_service(waits, true, "exit code 0");
  CHECK(s.containers.ends.size() == 2);
  CHECK(s.running() == std::vector{vault, signer});
}

TEST_CASE("a failing `podman wait` is tried again while the container exists") {
  parent_fixture s;
  s.start();
  s.end_service(waits, false, "exit code 125");
  CHECK(s.running() == std::vector{vault, signer, exists});
  s.end_service(exists, true, "exit code 0");
  CHECK(s.log.only(
            "the end of the container cannot be watched, trying again")["why"]
        == "`podman wait` failed, but the container exists");
  s.advance(100ms);
  CHECK(s.running() == std::vector{vault, signer, waits});
  s.end_service(waits, false, "exit code 125");
  s.end_service(exists, false, "exit code 125");
  CHECK(s.containers.ends.empty());
  s.advance(200ms);
  CHECK(s.running() == std::vector{vault, signer, waits});
}

TEST_CASE("a container that podman does not know has ended") {
  parent_fixture s;
  s.start();
  s.end_service(waits, false, "exit code 125");
  s.end_service(exists, false, "exit code 1");
  CHECK(s.containers.ends.size() == 2);
}

TEST_CASE("after a crash the container's actor is started again") {
  parent_fixture s;
  s.start();
  auto all = s.io.alive("container");
  REQUIRE(all.size() == 1);
  s.crash(all.front(), caf::exit_reason::kill);
  CHECK_FALSE(s.listens(clearance_socket));
  s.advance(100ms);
  CHECK(s.listens(clearance_socket));
  CHECK(s.running() == std::vector{vault, signer, waits});
}

TEST_CASE("the crash of a parent leaves nothing behind") {
  parent_fixture s;
  s.start();
  s.crash(s.parent, caf::exit_reason::kill);
  CHECK(s.running().empty());
  for (auto name : {"container", "hub", "gate", "shield_executor"})
    CHECK(s.io.alive(name).empty());
}

} // namespace parent_tests
