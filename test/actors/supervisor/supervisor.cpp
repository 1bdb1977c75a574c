#include "actors/supervisor/supervisor.hpp"

#include "actors/base/error.hpp"
#include "test/support/fixture/container_fixture.hpp"

#include <caf/exit_reason.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <string>

namespace supervisor_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

const auto id_a = "aaaaaaaaaaaa0001"s;
const auto id_b = "bbbbbbbbbbbb0001"s;

struct fixture : container_fixture {
  actors::supervisor_actor supervisor;
  std::optional<caf::error> ended;

  explicit fixture(std::size_t containers_max = 100,
                   std::size_t sidecars_max = 100) {
    auto config = supervisor_config();
    config.containers_max = containers_max;
    config.sidecars_max = sidecars_max;
    supervisor = actors::spawn_supervisor(io, std::move(config));
    caf::actor_cast<caf::abstract_actor*>(supervisor)
        ->attach_functor([this](const caf::error& why) { ended = why; });
    run();
  }
  ~fixture() {
    end_hosted();
    supervisor = nullptr;
  }

  /// Reports a file whose bytes are `text`.
  void see(const std::string& file, actors::sidecar_ptr x,
           const std::string& text) {
    caf::anon_send(supervisor, actors::sidecar_seen{file, std::move(x),
                                                    protocol::sha256(text)});
    run();
  }
  void see(const std::string& file, const std::string& id) {
    see(file, sidecar_of(file, id), file + id);
  }
  void lose(const std::string& file) {
    caf::anon_send(supervisor, actors::sidecar_gone{file});
    run();
  }
  void stop() {
    caf::anon_send(supervisor, actors::stop_atom::value);
    run();
  }

  bool serves(const std::string& id) {
    return io.listener_at("/run/t/clearance/" + id.substr(0, 12) + "/hub.sock")
           != nullptr;
  }
  std::size_t count() const { return io.alive("container").size(); }

  /// Whether the gate of the container with this name is open.
  bool has_gate(const std::string& name) const {
    for (const auto& x : http.open)
      if (x.path == "/run/t/sandbox/run/" + name + "/gate/gate-server.sock")
        return true;
    return false;
  }
};

} // namespace

TEST_CASE("each sidecar has a container as long as its file exists") {
  fixture s;
  s.see("a", id_a);
  s.see("b", id_b);
  CHECK(s.serves(id_a));
  CHECK(s.serves(id_b));
  s.lose("a");
  CHECK_FALSE(s.serves(id_a));
  CHECK(s.serves(id_b));
  s.lose("never seen");
  CHECK(s.count() == 1);
}

TEST_CASE("an unchanged sidecar goes on, and a changed one is started anew") {
  fixture s;
  s.see("a", id_a);
  const auto before = s.io.alive("container").front();
  s.see("a", id_a);
  CHECK(s.io.alive("container").front() == before);
  s.see("a", s.sidecar_of("other", id_a), "changed");
  REQUIRE(s.count() == 1);
  CHECK(s.io.alive("container").front() != before);
  CHECK(s.has_gate("other"));
  CHECK_FALSE(s.has_gate("a"));
  // Also the id may change.
  s.see("a", s.sidecar_of("other", id_b), "changed again");
  CHECK_FALSE(s.serves(id_a));
  CHECK(s.serves(id_b));
}

TEST_CASE("an id is served once, and the next sidecar with it waits") {
  fixture s;
  s.see("a", id_a);
  s.see("c", "aaaaaaaaaaaa0003");
  s.see("b", "aaaaaaaaaaaa0002");
  CHECK(s.count() == 1);
  CHECK(s.has_gate("a"));
  const auto lines = s.log.with("bad sidecar");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["file"] == "c");
  CHECK(lines[0]["field"] == "container_id");
  s.lose("a");
  CHECK(s.count() == 1);
  CHECK(s.has_gate("b"));
  s.lose("c");
  CHECK(s.has_gate("b"));
}

TEST_CASE("a file that becomes bad changes nothing") {
  fixture s;
  s.see("a", id_a);
  caf::anon_send(s.supervisor,
                 actors::sidecar_bad{"a", {"gate_port", "is not a number"}});
  s.run();
  CHECK(s.serves(id_a));
  const auto line = s.log.only("bad sidecar");
  CHECK(line["file"] == "a");
  CHECK(line["field"] == "gate_port");
  CHECK(line["why"] == "is not a number");
  CHECK(line.level == actors::severity::error);
}

TEST_CASE("a supervisor needs an id in each sidecar") {
  fixture s;
  s.see("a", "");
  CHECK(s.count() == 0);
  CHECK(s.log.only("bad sidecar")["why"] == "is missing");
}

TEST_CASE("an actor that is killed affects its own container only") {
  fixture s;
  s.see("a", id_a);
  const auto parts = {"hub", "registry", "ingester", "gate", "shield_executor"};
  std::map<std::string, caf::actor> of_a;
  for (auto name : parts)
    of_a[name] = s.io.alive(name).front();
  s.see("b", id_b);
  for (auto name : parts) {
    CAPTURE(name);
    auto all = s.io.alive(name);
    REQUIRE(all.size() == 2);
    s.crash(all[0] == of_a[name] ? all[1] : all[0], caf::exit_reason::kill);
    CHECK(s.serves(id_a));
    s.advance(30s);
    CHECK(s.serves(id_b));
    CHECK(s.io.alive(name).size() == 2);
  }
  for (auto name : parts) {
    const auto all = s.io.alive(name);
    CHECK(std::find(all.begin(), all.end(), of_a[name]) != all.end());
  }
}

TEST_CASE("a container's actor that crashes is started again after a delay") {
  fixture s;
  s.see("a", id_a);
  s.see("b", id_b);
  const auto b = s.io.alive("container").back();
  s.crash(s.io.alive("container").front(), caf::exit_reason::kill);
  CHECK_FALSE(s.serves(id_a));
  CHECK(s.serves(id_b));
  s.advance(99ms);
  CHECK_FALSE(s.serves(id_a));
  s.advance(1ms);
  CHECK(s.serves(id_a));
  CHECK(s.io.alive("container").front() == b);
  // The file is removed before the delay is over, so the container is not
  // started again.
  s.crash(s.io.alive("container").back(), caf::exit_reason::kill);
  s.lose("a");
  s.advance(60s);
  CHECK_FALSE(s.serves(id_a));
}

TEST_CASE(
    "a container that has ended is not served before its sidecar changes") {
  fixture s;
  auto x = s.sidecar("a", id_a);
  x.init_pid = 4711;
  const auto sidecar = std::make_shared<protocol::sidecar>(std::move(x));
  s.see("a", sidecar, "1");
  CHECK(s.serves(id_a));
  s.containers.end(4711);
  s.run();
  s.see("a", sidecar, "1");
  s.advance(60s);
  CHECK_FALSE(s.serves(id_a));
  s.see("a", sidecar, "2");
  CHECK(s.serves(id_a));
  // Now another sidecar may use the id.
  s.containers.end(4711);
  s.run();
  s.see("b", "aaaaaaaaaaaa0002");
  CHECK(s.serves(id_a));
  CHECK(s.has_gate("b"));
}

TEST_CASE("a supervisor that is stopped ends when its containers have ended") {
  fixture s;
  s.see("a", id_a);
  s.see("b", id_b);
  s.stop();
  REQUIRE(s.ended);
  CHECK_FALSE(*s.ended);
  CHECK(s.count() == 0);
}

TEST_CASE("a supervisor without a running container stops at once") {
  {
    fixture s;
    s.stop();
    CHECK(s.ended);
  }
  fixture s;
  s.see("a", id_a);
  s.crash(s.io.alive("container").front(), caf::exit_reason::kill);
  s.stop();
  CHECK(s.ended);
}

TEST_CASE(
    "when the directory is removed the supervisor and all containers end") {
  fixture s;
  s.see("a", id_a);
  caf::anon_send(s.supervisor, actors::sidecars_lost{"it is gone"});
  s.run();
  REQUIRE(s.ended);
  CHECK(*s.ended == actors::make_error(actors::errc::directory_lost));
  CHECK(actors::what(*s.ended) == "it is gone");
  CHECK(s.count() == 0);
  CHECK_FALSE(s.serves(id_a));
}

// A program that can write many sidecars must not take all descriptors from the
// containers that are served.
TEST_CASE("containers above the maximum wait for a free slot") {
  const auto id_c = "cccccccccccc0001"s;
  const auto id_d = "dddddddddddd0001"s;
  constexpr auto waits = "too many containers, one waits for a slot";
  fixture s{2};
  s.see("a", id_a);
  s.see("b", id_b);
  CHECK(s.log.with(waits).empty());
  s.see("c", id_c);
  s.see("d", id_d);
  CHECK(s.count() == 2);
  CHECK(s.log.with(waits).size() == 2);
  s.log.clear();
  s.see("c", id_c); // the same file again is not logged again
  CHECK(s.log.with(waits).empty());
  caf::anon_send(s.supervisor, actors::report_atom::value);
  s.run();
  CHECK(s.log.with("counters").front()["waiting"] == "2");
  // A file that changes while it waits still waits only once.
  s.see("d", id_a);
  s.see("d", id_d);
  s.log.clear();
  caf::anon_send(s.supervisor, actors::report_atom::value);
  s.run();
  CHECK(s.log.with("counters").front()["waiting"] == "2");
  s.lose("a");
  CHECK(s.serves(id_c));
  CHECK_FALSE(s.serves(id_d));
  s.lose("c");
  CHECK(s.serves(id_d));
  CHECK(s.count() == 2);
  // A container whose file was removed is skipped.
  s.see("a", id_a);
  s.see("c", id_c);
  s.lose("a");
  s.lose("b");
  CHECK(s.serves(id_c));
  CHECK_FALSE(s.serves(id_a));
}

TEST_CASE("sidecars above the maximum are bad") {
  fixture s{100, 1};
  s.see("a", id_a);
  s.see("a", id_a);
  CHECK(s.log.with("bad sidecar").empty());
  s.see("b", id_b);
  CHECK(s.log.only("bad sidecar")["why"] == "there are too many sidecars");
  CHECK_FALSE(s.serves(id_b));
  s.lose("a");
  s.see("b", id_b);
  CHECK(s.serves(id_b));
}

} // namespace supervisor_tests
