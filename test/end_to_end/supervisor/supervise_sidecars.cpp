// Sidecars as terok really writes them, and the services that must start for
// each of them. Source: supervisor.md, sections 1 and 2.

#include "test/end_to_end/world/container_world.hpp"
#include "test/support/files/test_paths.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/wire/json.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <signal.h>
#include <unistd.h>

namespace supervise_sidecars_tests {

namespace {

using namespace clearance::test;
namespace fs = std::filesystem;

constexpr auto container_id = "0123456789abcdef";
constexpr auto token = "terok-g-0123456789abcdef0123456789abcdef";

std::string replaced(std::string text, const std::string& what,
                     const std::string& by) {
  for (auto at = text.find(what); at != text.npos;
       at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

/// One of the recorded sidecars, with its paths below a directory of the test.
struct recorded_sidecar {
  container_world world;
  reserved_port port;
  json value;
  std::vector<std::string> serves;
  std::string name;
  fs::path file;

  explicit recorded_sidecar(const json& x) : value(x["sidecar"]) {
    for (const auto& each : x["serves"].as<json::array>())
      serves.push_back(each.text());
    name = value["container_name"].text();
    auto text = to_string(value);
    text = replaced(text, "{state}", (world.git.dir / "state").string());
    text = replaced(text, "{home}", (world.git.dir / "home").string());
    // the path that container_world uses, and short enough for a socket
    text = replaced(text, "{runtime}/terok", (world.git.dir / "t").string());
    if (value.has("gate_port"))
      text =
          replaced(text, std::to_string(value["gate_port"].as<std::int64_t>()),
                   std::to_string(port.number()));
    world.add_text(name + ".json", text);
    file = world.sidecars() / (name + ".json");
  }

  bool must_serve(const std::string& service) const {
    return std::find(serves.begin(), serves.end(), service) != serves.end();
  }

  bool over_tcp() const { return value["ipc_mode"].text() == "tcp"; }

  fs::path repository() const {
    return world.git.dir / "state/sandbox/gate"
           / (value["project_id"].text() + ".git");
  }

  void make_repository() const {
    world.git.must_git({"clone", "-q", "--bare",
                        world.git.repository().string(),
                        repository().string()});
  }

  child start(const std::string& service) const {
    return child{world.supervisor(
        {"terok_sandbox", "supervise-child", service, container_id, file})};
  }

  std::vector<fs::path> sockets(const std::string& service) const {
    const container x{name, container_id, {}};
    if (service == "verdict")
      return {world.verdict(x)};
    if (service == "clearance")
      return {world.clearance(x), world.reader(x)};
    return over_tcp() ? std::vector<fs::path>{} : std::vector{world.gate(x)};
  }

  /// The status of the gate's answer to the first request of a clone.
  int status_of_gate() const {
    const container x{name, container_id, {}};
    const auto request =
        http_request("GET",
                     "/" + value["project_id"].text()
                         + ".git/info/refs?service=git-upload-pack",
                     {authorization(token)});
    if (!over_tcp())
      return http_client{raw_socket{world.gate(x)}}.call(request).status;
    return world.git
                   .git({"ls-remote",
                         "http://" + std::string(token)
                             + ":@127.0.0.1:" + std::to_string(port.number())
                             + "/" + value["project_id"].text() + ".git"})
                   .ok()
               ? 200
               : 0;
  }
};

std::vector<json> recorded() {
  const auto file = fs::path{vectors_file()}.parent_path() / "sidecars.json";
  auto result = json::parse(read_file(file))["cases"].as<json::array>();
  REQUIRE(result.size() == 10);
  return result;
}

} // namespace

TEST_CASE("every service that a recorded sidecar asks for starts") {
  for (const auto& each : recorded()) {
    CAPTURE(each["name"].text());
    const recorded_sidecar x{each};
    const bool late =
        each["name"].text().find("mirror missing") != std::string::npos;
    x.world.git.seed();
    if (x.must_serve("gate") && !late)
      x.make_repository();
    for (const std::string service : {"verdict", "clearance", "gate"}) {
      CAPTURE(service);
      auto server = x.start(service);
      if (!x.must_serve(service)) {
        CHECK(server.wait() == exited(2));
        CHECK(server.err().find("gate_base_path, gate_token: a gate needs both")
              != std::string::npos);
        continue;
      }
      server.await_err("serving");
      for (const auto& path : x.sockets(service)) {
        CHECK(mode_of(path) == 0600);
        raw_socket{path};
      }
      if (service == "gate") {
        if (late) {
          CHECK(x.status_of_gate() == 404);
          server.await_err("the repository is not there yet");
          x.make_repository();
        }
        CHECK(x.status_of_gate() == 200);
      }
      server.kill(SIGTERM);
      CHECK(server.wait() == exited(0));
    }
  }
}

TEST_CASE("one process serves every recorded sidecar") {
  for (const auto& each : recorded()) {
    CAPTURE(each["name"].text());
    const recorded_sidecar x{each};
    x.world.git.seed();
    if (x.must_serve("gate"))
      x.make_repository();
    child server{
        x.world.supervisor({"supervisor", container_id, x.file,
                            std::to_string(::getpid()), "--delegate", "none"})};
    server.await_err("hub: serving");
    for (const auto& path : x.sockets("clearance"))
      raw_socket{path};
    if (x.must_serve("gate")) {
      server.await_err("gate: serving");
      CHECK(x.status_of_gate() == 200);
    } else {
      CHECK(server.err().find("gate: serving") == std::string::npos);
    }
    server.kill(SIGTERM);
    CHECK(server.wait() == exited(0));
  }
}

} // namespace supervise_sidecars_tests
