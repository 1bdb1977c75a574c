// Hubs of another machine, with a stand-in for ssh that starts the relay here.
// far_host.py does the same with a real sshd.

#include "test/services/client/client_program.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

namespace relay_tests {

using namespace clearance::test;

namespace {

const std::string far_prompt =
    R"({"id":"b-1","revision":3,"container":"c1","target":"pypi.org",)"
    R"("domain":"pypi.org","dest":"203.0.113.7","addresses":["203.0.113.7"],)"
    R"("ports":[443],"count":2,"state":"waiting","opens":"Everything."})";

const std::string far_flagged =
    R"({"id":"b-2","revision":1,"container":"c1","target":"10.0.0.1",)"
    R"("dest":"10.0.0.1","flags":["private_address"],"state":"waiting"})";

std::string snapshot_of(const std::string& prompts) {
  return R"({"continues":true,"parameters":{"prompts":[)" + prompts
         + R"(],"complete":true}})" + '\0';
}

std::string applied(const std::string& action) {
  return R"({"parameters":{"decision":{"action":")" + action
         + R"(","result":"applied"}}})" + '\0';
}

/// A runtime directory with a hub, and a stand-in for ssh.
struct far_fixture {
  far_fixture() { be_ssh("exec \"$terok_clearance\" relay --stdio"); }

  void be_ssh(const std::string& what) const {
    const auto path = runtime / "ssh";
    std::ofstream{path} << "#!/bin/sh\n"
                           "echo \"$*\" > \"$XDG_RUNTIME_DIR/words\"\n"
                           "echo $$ > \"$XDG_RUNTIME_DIR/pid\"\n"
                        << what << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  child start(const std::string& words) const {
    return run_script(runtime, "export TEROK_CLEARANCE_SSH=\"$XDG_RUNTIME_DIR/"
                               "ssh\"; exec \"$terok_clearance\" "
                                   + words);
  }

  raw_socket watched(const std::string& prompts) const {
    auto peer = hub.await_connection();
    CHECK(peer.read_frame().value().find("Watch") != std::string::npos);
    peer.send(snapshot_of(prompts));
    return peer;
  }

  std::string text_of(const char* name) const {
    std::ifstream in{runtime / name};
    std::string line;
    std::getline(in, line);
    return line;
  }

  temp_dir runtime;
  listener hub{runtime / "terok-clearance.sock"};
};

} // namespace

TEST_CASE_FIXTURE(far_fixture, "list shows the prompts of another machine") {
  auto text = start("list --host kim@far");
  auto first = watched(far_prompt);
  CHECK(text.wait() == exited(0));
  CHECK(text.out().find("b-1 waiting c1 pypi.org") != std::string::npos);
  CHECK(text.out().find("terok-clearance decide b-1 3 allow --host 'kim@far'\n")
        != std::string::npos);
  CHECK(text_of("words") == "-- kim@far terok-clearance relay --stdio");
  auto json = start("list --json --host kim@far");
  auto second = watched(far_prompt);
  CHECK(json.wait() == exited(0));
  CHECK(json.out().starts_with("{\"hub\":\"kim@far:"
                               + (runtime / "terok-clearance.sock").string()
                               + "\",\"id\":\"b-1\""));
}

TEST_CASE_FIXTURE(far_fixture, "decide answers a prompt of another machine") {
  auto call = start("decide b-1 3 deny --reason no --host kim@far");
  auto watching = watched(far_prompt);
  auto peer = hub.await_connection();
  const auto message = peer.read_frame().value();
  CHECK(message.find(R"("prompt":"b-1","revision":3,"action":"deny",)"
                     R"("reason":"no")")
        != std::string::npos);
  peer.send(applied("deny"));
  CHECK(call.wait() == exited(0));
  CHECK(call.out() == "c1 pypi.org: denied\n");
}

TEST_CASE_FIXTURE(far_fixture, "a prompt that no host has is not decided") {
  auto call = start("decide b-7 3 deny --host kim@far");
  auto watching = watched(far_prompt);
  CHECK(call.wait() == exited(1));
  CHECK(call.err().find("there is no such prompt any more")
        != std::string::npos);
}

TEST_CASE_FIXTURE(far_fixture, "all prompts of a container are decided") {
  auto call = start("decide deny --all-of c1");
  auto watching = watched(far_prompt + "," + far_flagged);
  auto peer = hub.await_connection();
  CHECK(peer.read_frame().value().find("b-1") != std::string::npos);
  peer.send(applied("deny"));
  CHECK(peer.read_frame().value().find("b-2") != std::string::npos);
  peer.send(applied("deny"));
  CHECK(call.wait() == exited(0));
  CHECK(call.out() == "c1 pypi.org: denied\nc1 10.0.0.1: denied\n");
}

TEST_CASE_FIXTURE(far_fixture, "many are allowed but for those with flags") {
  auto call = start("decide allow --all-of c1");
  auto watching = watched(far_prompt + "," + far_flagged);
  auto peer = hub.await_connection();
  CHECK(peer.read_frame().value().find(R"("b-1","revision":3)")
        != std::string::npos);
  peer.send(applied("allow"));
  CHECK(call.wait() == exited(1));
  CHECK(call.out() == "c1 pypi.org: allowed\n");
  CHECK(call.err().find("c1 10.0.0.1: left out, because it has flags (private "
                        "address); decide it alone: terok-clearance decide b-2 "
                        "1 allow")
        != std::string::npos);
}

TEST_CASE_FIXTURE(far_fixture, "all prompts with a target are decided") {
  auto call = start("decide deny --target PyPI.org.");
  auto watching = watched(far_prompt + "," + far_flagged);
  auto peer = hub.await_connection();
  peer.read_frame();
  peer.send(applied("deny"));
  CHECK(call.wait() == exited(0));
  CHECK(call.out() == "c1 pypi.org: denied\n");
  auto none = start("decide deny --target other.org");
  auto second = watched(far_prompt);
  CHECK(none.wait() == exited(1));
  CHECK(none.err().find("no prompt that waits fits") != std::string::npos);
}

TEST_CASE_FIXTURE(far_fixture, "watch shows the events of another machine") {
  const auto name = "kim@far:" + (runtime / "terok-clearance.sock").string();
  auto watch = start("watch --host kim@far --count 2");
  watch.await_err("terok-clearance: following the hub at " + name + "\n");
  auto first = await_subscriber(hub);
  first.send(started_event("one"));
  watch.await_out(" container_started one hub=kim@far:terok-clearance\n");
  ::kill(std::stoi(text_of("pid")), SIGTERM);
  watch.await_err("kim@far is away: the connection ended; trying again\n");
  auto second = await_subscriber(hub);
  second.send(started_event("two"));
  CHECK(watch.wait() == exited(0));
  CHECK(watch.out().find(" container_started two hub=kim@far:terok-clearance\n")
        != std::string::npos);
  CHECK(watch.err()
        == "terok-clearance: connecting to kim@far by ssh\n"
           "terok-clearance: following the hub at "
               + name
               + "\nterok-clearance: kim@far is away: the connection ended;"
                 " trying again\n"
                 "terok-clearance: following the hub at "
               + name + "\n");
  auto json = start("watch --json --host kim@far --count 1");
  auto third = await_subscriber(hub);
  third.send(started_event("one"));
  CHECK(json.wait() == exited(0));
  CHECK(json.out().find(",\"hub\":\"" + name + "\",\"time\":")
        != std::string::npos);
}

TEST_CASE_FIXTURE(far_fixture, "watch follows hubs of a machine as they come") {
  std::filesystem::remove(runtime / "terok-clearance.sock");
  auto watch = start("watch --host far --count 1");
  watch.await_err("no hub on far yet; waiting for one\n");
  listener later{runtime / "terok-clearance.sock"};
  {
    auto gone = await_subscriber(later);
    watch.await_err("following the hub at far:");
  }
  watch.await_err("went away; waiting for it\n");
  auto again = await_subscriber(later);
  again.send(started_event("one"));
  CHECK(watch.wait() == exited(0));
}

TEST_CASE_FIXTURE(far_fixture, "watch says why ssh fails, and tries again") {
  be_ssh("[ -e \"$XDG_RUNTIME_DIR/tried\" ] && "
         "exec \"$terok_clearance\" relay --stdio\n"
         "touch \"$XDG_RUNTIME_DIR/tried\"\n"
         "echo 'Permission denied.' >&2; exit 255");
  auto watch = start("watch --host far");
  auto peer = await_subscriber(hub);
  watch.await_err("following the hub at far:");
  watch.kill(SIGTERM);
  CHECK(watch.wait() == exited(0));
  CHECK(watch.err().starts_with(
      "terok-clearance: connecting to far by ssh\n"
      "terok-clearance: far is away: ssh says: Permission denied.; trying "
      "again\nterok-clearance: following the hub at far:"));
}

TEST_CASE_FIXTURE(far_fixture, "a host that goes away comes back by itself") {
  auto plain = start("--plain --host kim@far < <(exec sleep 600)");
  auto first = watched(far_prompt);
  plain.await_out("] c1 wants pypi.org");
  ::kill(std::stoi(text_of("pid")), SIGTERM);
  plain.await_out("Host kim@far: kim@far is away: the connection ended");
  plain.await_out("Hub kim@far:terok-clearance: kim@far is away");
  CHECK(first.read_to_end().empty());
  auto second = watched(far_prompt);
  plain.await_out("Host kim@far: connected");
  second.send(R"({"continues":true,"parameters":{"removed":["b-1"]}})"
              + std::string(1, '\0'));
  plain.await_out("] Gone");
  plain.kill(SIGTERM);
  CHECK(plain.wait() == exited(0));
}

TEST_CASE_FIXTURE(far_fixture, "what keeps ssh from connecting is said") {
  SUBCASE("ssh says it") {
    be_ssh("echo 'kim@far: Permission denied (publickey).' >&2; exit 255");
    auto call = start("list --host kim@far");
    CHECK(call.wait() == exited(1));
    CHECK(call.err()
          == "terok-clearance: kim@far is away: ssh says: kim@far: Permission "
             "denied (publickey).\n");
  }
  SUBCASE("something else answers") {
    be_ssh("echo 'Welcome to far'; printf '\\0'; exec sleep 600");
    auto call = start("list --host kim@far");
    CHECK(call.wait() == exited(1));
    CHECK(call.err().find("what answers there is no relay of terok-clearance")
          != std::string::npos);
  }
  SUBCASE("there is no ssh") {
    std::filesystem::remove(runtime / "ssh");
    auto call = start("list --host kim@far");
    CHECK(call.wait() == exited(1));
    CHECK(call.err().find("cannot start") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(far_fixture, "a relay opens no socket but those of hubs") {
  listener other{runtime / "other.sock"};
  const auto open = R"({"channel":1,"open":")"
                    + (runtime / "other.sock").string() + "\"}" + '\0';
  auto relay = run_client(runtime, {"relay", "--stdio"}, open);
  CHECK(relay.wait() == exited(0));
  CHECK(relay.out()
        == "{\"hubs\":[\"" + (runtime / "terok-clearance.sock").string()
               + "\"]}" + '\0'
               + R"({"channel":1,"close":"there is no such hub"})" + '\0');
  CHECK(other.empty());
  auto broken = run_client(runtime, {"relay", "--stdio"},
                           std::string{"GET / HTTP/1.1\r\n\r\n"} + '\0');
  CHECK(broken.wait() == exited(1));
  CHECK(broken.err().find("does not speak the relay's language")
        != std::string::npos);
}

} // namespace relay_tests
