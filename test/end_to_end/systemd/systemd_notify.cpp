// The states that the programs report to systemd. The test plays systemd.

#include "test/end_to_end/world/container_world.hpp"
#include "test/end_to_end/world/deployment.hpp"
#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/doubles/fake_manager.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <signal.h>

namespace systemd_notify_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

constexpr auto stopping = "STOPPING=1\nSTATUS=stopping";

std::string ready(const std::string& status) {
  return "READY=1\nSTATUS=" + status;
}

child_options told(child_options options, const fake_manager& manager) {
  options.environment.emplace_back("NOTIFY_SOCKET", manager.address());
  return options;
}

std::string places(const runtime& where) {
  return "; clients at " + where.clearance().string() + ", readers at "
         + where.reader().string();
}

} // namespace

TEST_CASE("a hub is ready when both of its sockets are served") {
  const runtime where;
  fake_manager manager;
  child server{told(serve(where), manager)};
  CHECK_EQ(manager.next(), ready("0 subscribers" + places(where)));
  raw_socket reader{where.reader()};
  CHECK_EQ(varlink_client{where.clearance()}
               .call("org.varlink.service.GetInfo")
               .error,
           "");
  SUBCASE("and reports that it stops") {
    server.kill(SIGTERM);
    CHECK_EQ(manager.next(), stopping);
    CHECK_EQ(server.wait(), exited(0));
    CHECK_FALSE(manager.has_more());
  }
  SUBCASE("and reports how many subscribers it has") {
    varlink_client client{where.clearance()};
    client.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
    CHECK_EQ(manager.next(), "STATUS=1 subscriber" + places(where));
  }
}

TEST_CASE("a hub that cannot serve one of its sockets is never ready") {
  const runtime where;
  fs::create_directories(where.clearance());
  fs::permissions(where.directory(), fs::perms::owner_all);
  fake_manager manager;
  child server{told(serve(where), manager)};
  const auto why = "cannot bind the clearance socket "
                   + where.clearance().string()
                   + ": there is something that is not a socket";
  CHECK_EQ(manager.next(), "STATUS=" + why);
  CHECK_EQ(server.wait(), exited(1));
  CHECK_FALSE(manager.has_more());
}

TEST_CASE("the address of systemd may be an abstract name") {
  const runtime where;
  const auto name = "@" + where.dir.path().string();
  fake_manager manager{name};
  child server{told(serve_verdict(where, "/bin/true"), manager)};
  CHECK_EQ(manager.next(), ready("hubs at " + where.verdict().string()));
}

TEST_CASE("a hub serves also if nobody receives its reports") {
  const runtime where;
  for (std::string address :
       {(where.dir / "nobody").string(), std::string("relative"),
        std::string("vsock:2:1234"), std::string(200, '/')}) {
    CAPTURE(address);
    auto options = serve(where);
    options.environment.emplace_back("NOTIFY_SOCKET", address);
    auto server = start(std::move(options), {where.clearance()});
    server.kill(SIGTERM);
    CHECK_EQ(server.wait(), exited(0));
  }
}

TEST_CASE("with a watchdog a service reports again and again that it lives") {
#if !TEST_LIBSYSTEMD
  return skipped("built without libsystemd");
#endif
  const runtime where;
  fake_manager manager;
  auto options = told(serve(where), manager);
  options.environment.emplace_back("WATCHDOG_USEC", "50000");
  child server{std::move(options)};
  CHECK(manager.next_news().starts_with("READY=1"));
  for (int i = 0; i < 3; ++i)
    CHECK_EQ(manager.next(), "WATCHDOG=1");
  server.kill(SIGTERM);
  CHECK_EQ(manager.next_news(), stopping);
  CHECK_EQ(server.wait(), exited(0));
}

TEST_CASE("a watchdog of another process is ignored") {
  const runtime where;
  fake_manager manager;
  auto options = told(serve(where), manager);
  options.environment.emplace_back("WATCHDOG_USEC", "1000");
  options.environment.emplace_back("WATCHDOG_PID", "1");
  child server{std::move(options)};
  CHECK(manager.next().starts_with("READY=1"));
  server.kill(SIGTERM);
  CHECK_EQ(manager.next(), stopping);
}

TEST_CASE("a gate reports when it reads its grants again, and when they are in "
          "force") {
  const gate_world world;
  world.seed();
  const auto grants = world.dir / "grants";
  auto one = [](std::string_view digest) {
    return R"({"token_sha256":")" + std::string(digest)
           + R"(","scope":"r","access":"read-only"})";
  };
  // The tokens of the containers "old" and "new".
  const auto old_one =
      one("cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4");
  const auto new_one =
      one("11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437");
  write_file(grants, R"({"grants":[)" + old_one + "]}");
  fake_manager manager;
  child server{
      told(gate_on_socket(world, {{"--grants", grants.string()}, {}, false}),
           manager)};
  const auto place = "; clients at " + world.socket().string();
  CHECK_EQ(manager.next(), ready("1 grant" + place));
  auto status_of_new = [&] {
    return http_client{raw_socket{world.socket()}}
        .call(http_request("GET", "/r.git/info/refs?service=git-upload-pack",
                           {authorization("new")}))
        .status;
  };
  CHECK_EQ(status_of_new(), 403);

  write_file(grants, R"({"grants":[)" + old_one + "," + new_one + "]}");
  server.kill(SIGHUP);
  CHECK(manager.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  CHECK_EQ(manager.next(), ready("2 grants" + place));
  CHECK_EQ(status_of_new(), 200);

  write_file(grants, "{");
  server.kill(SIGHUP);
  CHECK(manager.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  CHECK_EQ(manager.next(), "READY=1");
  CHECK_EQ(status_of_new(), 200);

  server.kill(SIGTERM);
  CHECK_EQ(manager.next(), stopping);
  CHECK_EQ(server.wait(), exited(0));
}

TEST_CASE(
    "a supervisor is ready when the containers that it finds are served") {
  const container_world world;
  const container a{"a", "aaaaaaaaaaaa0001", {}};
  const container b{"b", "bbbbbbbbbbbb0001", {}};
  world.add(a);
  world.add(b);
  fake_manager manager;
  child server{told(world.supervisor({"run", "--sidecar-dir", world.sidecars(),
                                      "--shield", "/bin/true"}),
                    manager)};
  CHECK_EQ(manager.next(), ready("2 containers"));
  for (const auto& x : {a, b})
    for (const auto& path :
         {world.clearance(x), world.reader(x), world.gate(x)}) {
      CAPTURE(path);
      raw_socket{path};
    }
  fs::remove(world.sidecar_path(a));
  CHECK_EQ(manager.next(), "STATUS=1 container");
  server.kill(SIGTERM);
  CHECK_EQ(manager.next(), stopping);
  CHECK_EQ(server.wait(), exited(0));
}

TEST_CASE("a supervisor is ready also if a container cannot be served") {
  const container_world world;
  const container a{"a", "aaaaaaaaaaaa0001", {}};
  fs::create_directories(world.clearance(a));
  world.add(a);
  fake_manager manager;
  child server{told(world.supervisor({"run", "--sidecar-dir", world.sidecars(),
                                      "--shield", "/bin/true"}),
                    manager)};
  CHECK_EQ(manager.next(), ready("1 container, 1 with a service that fails"));
  // The supervisor starts the service again soon.
  fs::remove_all(world.clearance(a).parent_path());
  CHECK_EQ(manager.next(), "STATUS=1 container");
}

TEST_CASE("a single service of a container reports nothing to systemd") {
  const container_world world;
  const container a;
  fake_manager manager;
  for (std::string service : {"verdict", "clearance", "gate"}) {
    child server{told(world.supervisor({"supervise-child", service, a.id,
                                        world.add(a).string()}),
                      manager)};
    server.await_err("serving");
    server.kill(SIGTERM);
    CHECK_EQ(server.wait(), exited(0));
  }
  CHECK_FALSE(manager.has_more());
}

} // namespace systemd_notify_tests
