#include "services/client/event_text.hpp"

#include "protocol/operator/client_limits.hpp"
#include "services/clearance/command_line.hpp"
#include "services/client/repeated_blocks.hpp"
#include "test/support/process/child.hpp"

#include <doctest/doctest.h>

namespace event_text_tests {

using namespace clearance::services;
using clearance::protocol::event;
using clearance::protocol::event_type;

namespace {

const std::string here = "/run/user/7/terok-clearance.sock";

event blocked() {
  event x;
  x.container = "6f1d2c3b4a59";
  x.request_id = "6f1d2c3b4a59:1";
  x.dest = "203.0.113.7";
  x.port = 443;
  x.proto = 6;
  return x;
}

std::string text(const event& x, const std::string& socket = here,
                 bool color = false) {
  return event_text(x, {"12:00:01", socket}, {color, here});
}

/// The words that a shell makes of a command, behind the program's name.
std::vector<std::string> words_of(const std::string& command) {
  clearance::test::child_options options;
  options.argv = {"/bin/bash", "-c", "printf '%s\\0' " + command};
  clearance::test::child shell{options};
  shell.wait();
  std::vector<std::string> result;
  auto out = shell.out();
  for (std::size_t at = 0; at < out.size();) {
    auto end = out.find('\0', at);
    result.push_back(out.substr(at, end - at));
    at = end + 1;
  }
  REQUIRE_FALSE(result.empty());
  result.erase(result.begin());
  return result;
}

/// The command of a hint, read again as the shell and we would.
verdict_config answered(const event& x, const std::string& socket = here) {
  auto words = words_of(answer_command(x, socket, here));
  return std::get<verdict_config>(parse_command_line(words, "/run/user/7"));
}

} // namespace

TEST_CASE("a block is shown with the command that answers it") {
  auto x = blocked();
  CHECK(text(x)
        == "12:00:01 connection_blocked 6f1d2c3b4a59 203.0.113.7:443/tcp"
           " request_id=6f1d2c3b4a59:1\n"
           "         answer (allow or deny): terok-clearance verdict"
           " 6f1d2c3b4a59:1 203.0.113.7 allow --container 6f1d2c3b4a59\n");
}

TEST_CASE("a verdict cites the domain if there is one") {
  auto x = blocked();
  x.domain = "api.example.com";
  x.dossier = {{"project", "alpha"}, {"task", "t42"}};
  CHECK(text(x)
        == "12:00:01 connection_blocked 6f1d2c3b4a59 203.0.113.7:443/tcp"
           " domain=api.example.com request_id=6f1d2c3b4a59:1"
           " project=alpha task=t42\n"
           "         answer (allow or deny): terok-clearance verdict"
           " 6f1d2c3b4a59:1 api.example.com allow --container 6f1d2c3b4a59\n");
}

TEST_CASE("an IPv6 address stands in brackets before its port") {
  auto x = blocked();
  x.dest = "2001:db8::7";
  x.port = 53;
  x.proto = 17;
  CHECK(text(x).find(" [2001:db8::7]:53/udp ") != std::string::npos);
}

TEST_CASE("a block without a request id cannot be answered") {
  auto x = blocked();
  x.request_id.clear();
  CHECK(text(x)
        == "12:00:01 connection_blocked 6f1d2c3b4a59 203.0.113.7:443/tcp"
           " request_id=\"\"\n");
}

TEST_CASE("a block without a target cannot be answered") {
  auto x = blocked();
  x.dest.clear();
  CHECK(text(x)
        == "12:00:01 connection_blocked 6f1d2c3b4a59 \"\":443/tcp"
           " request_id=6f1d2c3b4a59:1\n");
  x.domain = "api.example.com"; // the target, then
  CHECK(text(x).find(" 6f1d2c3b4a59:1 api.example.com allow ")
        != std::string::npos);
}

TEST_CASE("events of other types show their fields") {
  event x;
  x.container = "c";
  x.type = event_type::container_started;
  CHECK(text(x) == "12:00:01 container_started c\n");
  x.type = event_type::shield_up;
  CHECK(text(x) == "12:00:01 shield_up c\n");
  x.type = event_type::shield_down;
  CHECK(text(x) == "12:00:01 shield_down c\n");
  x.type = event_type::shield_disengaged;
  CHECK(text(x) == "12:00:01 shield_disengaged c\n");
  x.type = event_type::container_exited;
  CHECK(text(x) == "12:00:01 container_exited c\n");
  x.reason = "poststop";
  CHECK(text(x) == "12:00:01 container_exited c reason=poststop\n");
  x.type = event_type::verdict_applied;
  x.action = "allow";
  x.request_id = "c:1";
  CHECK(text(x) == "12:00:01 verdict_applied c allow failed request_id=c:1\n");
  x.ok = true;
  CHECK(text(x) == "12:00:01 verdict_applied c allow ok request_id=c:1\n");
}

TEST_CASE("a value cannot look like another field or line") {
  // A container names its own processes and looks up any domain it likes: it
  // would like the operator to read an answer that he did not ask for.
  auto x = blocked();
  x.domain = "good.example request_id=other:1";
  x.container = "c verdict_applied";
  x.dossier = {{"task\x1b[2K\r12:00:02 fake", "a=b"}, {"\xe2\x80\xae", "v"}};
  auto shown = text(x);
  CHECK(shown.find(" domain=\"good.example request_id=other:1\" ")
        != std::string::npos);
  CHECK(shown.find(" \"c verdict_applied\" ") != std::string::npos);
  CHECK(shown.find(" \"task\\x1b[2K\\x0d12:00:02 fake\"=\"a=b\"")
        != std::string::npos);
  CHECK(shown.find(" \"\\xe2\\x80\\xae\"=v\n") != std::string::npos);
}

TEST_CASE("the hint names the hub's socket unless it is the default") {
  auto command = answer_command(blocked(), "/a b/hub.sock", here);
  CHECK(command
        == "terok-clearance verdict 6f1d2c3b4a59:1 203.0.113.7 allow"
           " --container 6f1d2c3b4a59 --clearance-socket '/a b/hub.sock'");
}

TEST_CASE("a block of another machine is answered by way of its prompt") {
  event_circumstances around{"12:00:01", "kim@far:/run/a.sock"};
  around.host = "kim@far";
  CHECK(event_text(blocked(), around, {false, here})
            .ends_with("\n         the command that answers it is shown by:"
                       " terok-clearance list --host 'kim@far' --container"
                       " 6f1d2c3b4a59\n"));
  auto x = blocked();
  x.container = "-x y";
  CHECK(list_command(x, "far")
        == "terok-clearance list --host far --container='-x y'");
}

TEST_CASE("the hint can be pasted, whatever a container chose") {
  for (const char* hostile :
       {"plain", "$(reboot)", "-x", "--help", "--", "a b", "it's", "`id`;", "!",
        "~", "watch", "\\", "\"", "\x1b[2J"}) {
    CAPTURE(hostile);
    auto x = blocked();
    x.container = x.request_id = x.domain = hostile;
    auto y = answered(x, "/tmp/h u b");
    CHECK(y.container == hostile);
    CHECK(y.request_id == hostile);
    CHECK(y.dest == hostile);
    CHECK(y.clearance_socket == "/tmp/h u b");
    CHECK(y.action == clearance::protocol::action::allow);
    auto z = blocked();
    z.domain = hostile;
    CHECK(answered(z).dest == hostile);
    CHECK(answered(z).clearance_socket == here);
  }
}

TEST_CASE("colour changes no text") {
  auto x = blocked();
  x.domain = "api.example.com";
  x.dossier = {{"project", "alpha"}};
  auto colored = text(x, here, true);
  CHECK(colored != text(x));
  for (auto at = colored.find('\x1b'); at != std::string::npos;
       at = colored.find('\x1b'))
    colored.erase(at, colored.find('m', at) - at + 1);
  CHECK(colored == text(x));
}

TEST_CASE("an event of an unknown type is shown as JSON") {
  CHECK(unknown_event_text("{\"type\":\"new\"}", {"12:00:01", here},
                           {false, here})
        == "12:00:01 unknown event {\"type\":\"new\"}\n");
}

TEST_CASE("a line names the container, the hub, and what it repeats") {
  auto x = blocked();
  x.dossier = {{"task", "t42"}, {"container_name", "web (1)"}};
  CHECK(
      event_text(x, {"12:00:01", here, "hub two", 3}, {false, here})
          .starts_with("12:00:01 connection_blocked 6f1d2c3b4a59 (\"web (1)\")"
                       " 203.0.113.7:443/tcp request_id=6f1d2c3b4a59:1"
                       " task=t42 repeated=3 hub=\"hub two\"\n"));
  CHECK(unknown_event_text("{}", {"12:00:01", here, "two"}, {false, here})
        == "12:00:01 unknown event {} hub=two\n");
}

TEST_CASE("an object has the event as it was sent, the hub and the time") {
  CHECK(event_json(R"({"type":"new"})", "/run/a \"b\"/hub.sock", 17)
        == R"({"event":{"type":"new"},"hub":"/run/a \"b\"/hub.sock","time":17})"
           "\n");
}

TEST_CASE("a block is repeated if hub, container and target are the same") {
  repeated_blocks seen;
  auto x = blocked();
  CHECK(seen.add("/a", x) == 0);
  CHECK(seen.add("/a", x) == 1);
  x.request_id = "another";
  CHECK(seen.add("/a", x) == 2);
  CHECK(seen.add("/b", x) == 0);
  x.domain = "api.example.com"; // is the target then
  CHECK(seen.add("/a", x) == 0);
  x.type = event_type::verdict_applied;
  CHECK(seen.add("/a", x) == 0);
}

TEST_CASE("what was shown long ago is forgotten, the oldest first") {
  using clearance::protocol::client_limits::remembered_blocks_max;
  repeated_blocks seen;
  auto x = blocked();
  for (std::size_t i = 0; i < remembered_blocks_max; ++i) {
    x.domain = std::to_string(i);
    CHECK(seen.add("/a", x) == 0);
  }
  x.domain = "0";
  CHECK(seen.add("/a", x) == 1);
  x.domain = "one more";
  CHECK(seen.add("/a", x) == 0);
  x.domain = "1";
  CHECK(seen.add("/a", x) == 1);
  x.domain = "0";
  CHECK(seen.add("/a", x) == 0);
}

TEST_CASE("protocols have names") {
  CHECK(proto_name(1) == "icmp");
  CHECK(proto_name(6) == "tcp");
  CHECK(proto_name(17) == "udp");
  CHECK(proto_name(58) == "icmpv6");
  CHECK(proto_name(132) == "132");
  CHECK(proto_name(-1) == "-1");
}

} // namespace event_text_tests
