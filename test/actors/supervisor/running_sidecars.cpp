#include "actors/supervisor/running_sidecars.hpp"

#include "test/support/fixture/container_fixture.hpp"

#include <caf/send.hpp>
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace running_sidecars_tests {

using namespace clearance;
using namespace clearance::test;

namespace {

const std::string id_a = std::string(60, 'a') + "0001";
const std::string id_b = std::string(60, 'b') + "0001";

/// Stands for podman and for the directory; the test says what they tell.
struct fake_lister final : actors::container_lister {
  explicit fake_lister(actors::container_list_owner& to) : to_(to) {}
  void start(actors::container_list_owner owner) override {
    to_ = std::move(owner);
  }
  actors::container_list_owner& to_;
};

struct fake_files final : actors::sidecar_source {
  explicit fake_files(actors::sidecar_watcher& to) : to_(to) {}
  void start(actors::sidecar_watcher owner) override { to_ = std::move(owner); }
  actors::sidecar_watcher& to_;
};

/// The supervisor itself behind the filter: what it serves is what counts.
struct fixture : container_fixture {
  actors::container_list_owner podman;
  actors::sidecar_watcher files;
  actors::supervisor_actor supervisor;

  fixture() {
    auto config = supervisor_config();
    config.sidecars =
        actors::only_running(io, std::make_unique<fake_files>(files),
                             std::make_unique<fake_lister>(podman));
    supervisor = actors::spawn_supervisor(io, std::move(config));
    run();
  }
  ~fixture() {
    caf::anon_send(supervisor, actors::stop_atom::value);
    run();
    end_hosted();
    supervisor = nullptr;
    files = nullptr;
    podman = nullptr;
  }

  void see(const std::string& file, protocol::sidecar x,
           const std::string& text) {
    caf::anon_send(files,
                   actors::sidecar_seen{
                       file,
                       std::make_shared<const protocol::sidecar>(std::move(x)),
                       protocol::sha256(text)});
    run();
  }
  /// A sidecar as the reference writes it: with a name, without an id.
  void see(const std::string& name) { see(name, sidecar(name, ""), name); }
  void lose(const std::string& file) {
    caf::anon_send(files, actors::sidecar_gone{file});
    run();
  }
  void list(std::vector<protocol::listed_container> running) {
    caf::anon_send(podman, actors::containers_listed{std::move(running)});
    run();
  }
  bool serves(const std::string& id) {
    return io.listener_at("/run/t/clearance/" + id.substr(0, 12) + "/hub.sock")
           != nullptr;
  }
};

} // namespace

TEST_CASE("a sidecar is served while its container runs") {
  fixture s;
  s.see("a");
  CHECK_FALSE(s.serves(id_a)); // nobody knows yet
  s.list({});
  CHECK_FALSE(s.serves(id_a));
  s.list({{id_b, "b"}, {id_a, "a"}});
  CHECK(s.serves(id_a));
  CHECK_FALSE(s.serves(id_b)); // without a sidecar
  s.see("b");
  CHECK(s.serves(id_b));
  s.list({{id_b, "b"}});
  CHECK_FALSE(s.serves(id_a));
  CHECK(s.serves(id_b));
  s.list({{id_a, "a"}}); // started again
  CHECK(s.serves(id_a));
  CHECK_FALSE(s.serves(id_b));
  s.lose("a");
  CHECK_FALSE(s.serves(id_a));
}

TEST_CASE("an unchanged list changes nothing") {
  fixture s;
  s.see("a");
  s.list({{id_a, "a"}});
  const auto before = s.io.alive("container").front();
  s.list({{id_a, "a"}});
  s.see("a");
  CHECK(s.io.alive("container").front() == before);
}

TEST_CASE("a name that another container has now is served with its id") {
  fixture s;
  s.see("a");
  s.list({{id_a, "a"}});
  s.list({{id_b, "a"}});
  CHECK_FALSE(s.serves(id_a));
  CHECK(s.serves(id_b));
}

TEST_CASE("a sidecar with an id is for that container alone") {
  fixture s;
  s.see("f", s.sidecar("a", id_a.substr(0, 12)), "1");
  s.list({{id_b, "a"}}); // the name of another one
  CHECK_FALSE(s.serves(id_a));
  CHECK_FALSE(s.serves(id_b));
  s.list({{id_a, "other"}});
  CHECK(s.serves(id_a));
}

// Its number may be that of a process of an earlier run.
TEST_CASE("podman says when a container ends, not the pid of a sidecar") {
  fixture s;
  s.containers.gone = true;
  auto old = s.sidecar("a", id_a);
  old.init_pid = 7;
  s.see("a", std::move(old), "1");
  s.list({{id_a, "a"}});
  CHECK(s.serves(id_a));
}

TEST_CASE("a list that cannot be read leaves the last one in force") {
  fixture s;
  s.see("a");
  s.list({{id_a, "a"}});
  caf::anon_send(s.podman, actors::containers_unlisted{"exit code 125"});
  s.run();
  CHECK(s.serves(id_a));
}

TEST_CASE("a changed sidecar of a running container is started anew") {
  fixture s;
  s.see("a");
  s.list({{id_a, "a"}});
  const auto before = s.io.alive("container").front();
  auto changed = s.sidecar("a", "");
  changed.gate.reset();
  s.see("a", std::move(changed), "changed");
  REQUIRE(s.io.alive("container").size() == 1);
  CHECK(s.io.alive("container").front() != before);
}

} // namespace running_sidecars_tests
