#include "services/guard/guard.hpp"

#include <doctest/doctest.h>

#include <string>

namespace terok_guard_command_line_tests {

using namespace clearance::services;
using namespace std::chrono_literals;

namespace {

using words = std::vector<std::string>;

template <class Call>
Call call_of(const words& x) {
  auto parsed = parse_guard_command_line(x);
  if (const auto* no = std::get_if<outcome>(&parsed))
    FAIL(no->err);
  return std::get<Call>(parsed);
}

std::string fault(const words& x) {
  const auto parsed = parse_guard_command_line(x);
  const auto* no = std::get_if<outcome>(&parsed);
  REQUIRE(no);
  CHECK(no->code == 2);
  return no->fault.why;
}

words attach(words more) {
  words result{"attach", "--pid", "17", "--container", "c1"};
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

} // namespace

TEST_CASE("attach names a process and what the hub calls it") {
  const auto x = call_of<guard_attach>(
      attach({"--name", "web", "--hub", "/h", "--emit", "json", "--dossier",
              "a=b=c", "--dossier", "d=", "--unsafe"}));
  CHECK(x.pid == 17);
  CHECK(x.container == "c1");
  CHECK(x.name == "web");
  CHECK(x.hub == "/h");
  CHECK(x.emit == guard_emit::json);
  CHECK(x.unsafe);
  CHECK(x.dossier == clearance::protocol::dossier{{"a", "b=c"}, {"d", ""}});
  CHECK(call_of<guard_attach>(attach({})).emit == guard_emit::socket);
  CHECK(fault({"attach", "--pid", "17"}) == "--container is required");
  for (const auto* pid : {"0", "-1", "x", "1x", "2147483648"})
    CHECK(fault({"attach", std::string{"--pid="} + pid, "--container", "c1"})
          == std::string{"--pid: `"} + pid
                 + "` is no number from 1 to 2147483647");
  for (const auto* id : {"../c1", "a b", "-c", "c/1"})
    CHECK(fault({"attach", "--pid", "1", "--container=" + std::string{id}})
          == std::string{"--container: `"} + id
                 + "` is not 1 to 64 letters, digits, dots, underscores and "
                   "hyphens");
  CHECK(fault(attach({"--dossier", "x"})) == "--dossier: `x` is no KEY=VALUE");
  CHECK(fault(attach({"--emit", "mail"}))
        == "--emit: `mail` is none of json, socket");
}

TEST_CASE("attach may be told the name server") {
  CHECK(call_of<guard_attach>(attach({"--dns", "::1"})).dns == "::1");
  CHECK(fault(attach({"--dns", "x"})) == "--dns: `x` is no address");
}

TEST_CASE("what is blocked is rejected, or waits") {
  CHECK(call_of<guard_attach>(attach({})).blocked == on_block::reject);
  CHECK(call_of<guard_attach>(attach({"--on-block", "hold"})).blocked
        == on_block::hold);
  CHECK(call_of<guard_run>({"run", "--on-block=hold", "--", "true"}).blocked
        == on_block::hold);
  CHECK(fault(attach({"--on-block", "drop"}))
        == "--on-block: `drop` is none of hold, reject");
}

TEST_CASE("reader takes the words of terok-shield's hook") {
  const auto x = call_of<guard_reader>(
      {"reader", "/state/c1", "6f1d2c3b4a59", "--emit=socket",
       R"(--annotations={"task":"t7"})", "--container-id=6f1d2c3b4a59ffff"});
  CHECK(x.state_directory == "/state/c1");
  CHECK(x.container == "6f1d2c3b4a59");
  CHECK(x.emit == guard_emit::socket);
  CHECK(x.annotations == R"({"task":"t7"})");
  CHECK(x.container_id == "6f1d2c3b4a59ffff");
  CHECK(x.hub.empty());
  CHECK(call_of<guard_reader>({"reader", "/s", "c1", "--hub", "/h"}).hub
        == "/h");
  CHECK(fault({"reader", "/s", "a b"}).starts_with("CONTAINER: `a b` is not"));
  CHECK(fault({"reader", "/s", "c1", "--container-id", "../x"})
            .starts_with("--container-id: `../x` is not"));
}

TEST_CASE("attach asks an engine for the process, or is told it") {
  const auto x = call_of<guard_attach>({"attach", "--podman", "web"});
  CHECK(x.engine == "podman");
  CHECK(x.engine_container == "web");
  CHECK(x.container.empty());
  CHECK(call_of<guard_attach>({"attach", "--docker", "web", "--container", "c"})
            .container
        == "c");
  CHECK(fault({"attach", "--container", "c1"})
        == "one of --pid, --podman, --docker and --netns is required");
  CHECK(fault({"attach", "--podman", "a", "--docker", "a"})
        == "--pid, --podman, --docker and --netns exclude each other");
  CHECK(fault({"attach", "--podman=-a"}).starts_with("--podman: `-a` is not"));
}

TEST_CASE("run takes its own options, and a command behind --") {
  const auto x = call_of<guard_run>({"run",
                                     "--name",
                                     "c1",
                                     "--open",
                                     "203.0.113.0/24",
                                     "--open",
                                     "**.example.com",
                                     "--hub",
                                     "/h",
                                     "--dns",
                                     "203.0.113.53",
                                     "--private",
                                     "17",
                                     "--dossier",
                                     "a=b",
                                     "--",
                                     "curl",
                                     "--name",
                                     "x",
                                     "--"});
  CHECK(x.container == "c1");
  CHECK(x.open == words{"203.0.113.0/24", "**.example.com"});
  CHECK(x.hub == "/h");
  CHECK(x.dns == "203.0.113.53");
  CHECK(x.neighbour == 17);
  CHECK(x.dossier == clearance::protocol::dossier{{"a", "b"}});
  CHECK(x.command == words{"curl", "--name", "x", "--"});
  const std::string no_command =
      "what to run stands behind `--`: terok-guard run -- COMMAND";
  CHECK(fault({"run"}) == no_command);
  CHECK(fault({"run", "--"}) == no_command);
  CHECK(fault({"run", "--name", "a b", "--", "x"})
            .starts_with("--name: `a b` is not 1 to 64"));
  CHECK(fault({"run", "--open", "127.1", "--", "x"})
        == "--open: `127.1` is neither an address nor a network nor a name");
  CHECK(fault({"run", "--dns", "example.com", "--", "x"})
        == "--dns: `example.com` is no address");
}

TEST_CASE("a verdict is about an address, a network or a name") {
  auto x = call_of<guard_verdict>({"allow", "c1", "203.0.113.7"});
  CHECK(x.allow);
  CHECK(x.container == "c1");
  CHECK(x.dest == "203.0.113.7");
  CHECK_FALSE(x.time);
  x = call_of<guard_verdict>({"deny", "c1", "2001:db8::/32", "--for", "90"});
  CHECK_FALSE(x.allow);
  CHECK(x.time == 90s);
  CHECK(call_of<guard_verdict>({"allow", "c1", "api.example.com"}).dest
        == "api.example.com");
  for (const auto* bad : {"203.0.113", "0x7f000001", "203.0.113.7/24", "a b",
                          "fe80::1%eth0", "203.0.113.7;x", "*"})
    CHECK(fault({"allow", "c1", bad})
          == std::string{"DEST: `"} + bad
                 + "` is neither an address nor a network nor a name");
  for (const auto* time : {"0", "-1", "2592001", "1h"})
    CHECK(fault({"allow", "c1", "::1", std::string{"--for="} + time})
          == std::string{"--for: `"} + time
                 + "` is no number from 1 to 2592000");
}

TEST_CASE("the other subcommands name a container, or nothing") {
  CHECK(call_of<guard_mode_change>({"up", "c1"}).up);
  CHECK_FALSE(call_of<guard_mode_change>({"down", "c1"}).up);
  CHECK(call_of<guard_rules>({"rules", "c1"}).container == "c1");
  call_of<guard_list>({"list"});
  call_of<guard_capabilities_call>({"capabilities"});
  CHECK(fault({"up"}) == "CONTAINER is required");
  CHECK(fault({"hold"}) == "there is no subcommand `hold`");
}

} // namespace terok_guard_command_line_tests
