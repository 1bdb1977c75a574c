// The clients as programs, against a hub that the test plays: what a real hub
// never does, or not on demand.
#include "protocol/hub/reader_line.hpp"
#include "protocol/varlink/message.hpp"
#include "services/client/unix_socket.hpp"
#include "test/services/client/client_program.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <poll.h>

namespace clients_tests {

using namespace clearance::test;
namespace fs = std::filesystem;
namespace protocol = clearance::protocol;

namespace {

using words = std::vector<std::string>;

void await_bytes(const raw_socket& peer) {
  deadline{}.await(peer.fd(), POLLIN, "bytes");
}

} // namespace

TEST_CASE("watch --all follows hubs as they come and go") {
  temp_dir run_directory;
  auto watcher = run_client(run_directory, {"watch", "--all"});
  listener first{run_directory / "terok-clearance.sock"};
  auto first_peer = await_subscriber(first);
  fs::create_directories(run_directory / "terok/clearance/6f1d2c3b4a59");
  listener second{run_directory / "terok/clearance/6f1d2c3b4a59/hub.sock"};
  auto second_peer = await_subscriber(second);
  second_peer.send(started_event("in-second"));
  watcher.await_out(" container_started in-second hub=6f1d2c3b4a59\n");
  first_peer.send(started_event("in-first"));
  watcher.await_out(" container_started in-first hub=terok-clearance\n");
  { auto gone = std::move(second_peer); }
  fs::remove(run_directory / "terok/clearance/6f1d2c3b4a59/hub.sock");
  watcher.await_err("hub.sock went away");
  listener third{run_directory / "terok/clearance/0123456789ab.sock"};
  auto third_peer = await_subscriber(third);
  third_peer.send(started_event("in-third"));
  watcher.await_out(" container_started in-third hub=0123456789ab\n");
  watcher.kill(SIGTERM);
  CHECK(watcher.wait() == exited(0));
}

TEST_CASE("watch ends after as many events as it was told to") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  auto watcher = run_client(run_directory, {"watch", "--json", "--count", "2"});
  auto peer = await_subscriber(hub);
  peer.send(started_event("a") + started_event("b") + started_event("c"));
  CHECK(watcher.wait() == exited(0));
  CHECK(lines_of(watcher.out()) == 2);
  CHECK(watcher.out().find(R"("container":"b")") != std::string::npos);
}

TEST_CASE("watch ends when no hub is left that speaks our protocol") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  auto watcher = run_client(run_directory, {"watch"});
  auto peer = await_subscriber(hub);
  peer.send(std::string{R"({"error":"org.varlink.service.MethodNotFound"})"}
            + '\0');
  CHECK(watcher.wait() == exited(1));
  CHECK(watcher.err().find("it answered org.varlink.service.MethodNotFound\n")
        != std::string::npos);
}

TEST_CASE("watch ends without a message when nobody reads its stdout") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  auto watcher = run_script(run_directory, "$terok_clearance watch | true");
  CHECK(watcher.wait() == exited(0));
  CHECK(lines_of(watcher.err()) <= 1); // that it follows
}

TEST_CASE("watch ends on SIGINT, too") {
  temp_dir run_directory;
  auto watcher = run_client(run_directory, {"watch"});
  watcher.await_err("waiting for it");
  watcher.kill(SIGINT);
  CHECK(watcher.wait() == exited(0));
}

TEST_CASE("watch uses colours only where they are wanted") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  auto watcher =
      run_client(run_directory, {"watch", "--color", "always", "--count", "1"});
  auto first = await_subscriber(hub);
  first.send(started_event("a"));
  CHECK(watcher.wait() == exited(0));
  CHECK(watcher.out().find('\x1b') != std::string::npos);
  auto plain = run_client(run_directory, {"watch", "--count", "1"});
  auto second = await_subscriber(hub);
  second.send(started_event("a"));
  CHECK(plain.wait() == exited(0));
  CHECK(plain.out().find('\x1b') == std::string::npos);
}

TEST_CASE("a hint names the hub's socket by its absolute path") {
  temp_dir run_directory;
  fs::create_directory(run_directory / "elsewhere");
  auto socket = run_directory / "elsewhere/s";
  listener hub{socket};
  auto watcher = run_script(
      run_directory, "cd " + run_directory.path().string()
                         + " && $terok_clearance watch --clearance-socket"
                           " elsewhere/s --count 1");
  protocol::event x;
  x.container = "c";
  x.request_id = "c:1";
  x.dest = "192.0.2.1";
  std::string bytes;
  protocol::encode(x, bytes);
  auto peer = await_subscriber(hub);
  peer.send(bytes);
  CHECK(watcher.wait() == exited(0));
  CHECK(watcher.out().find(" --clearance-socket " + socket.string() + "\n")
        != std::string::npos);
}

TEST_CASE("verdict: a missing hub and a hub that leaves are one line each") {
  temp_dir run_directory;
  const words call{"verdict", "c:1", "d", "deny", "--container", "c"};
  auto socket = (run_directory / "terok-clearance.sock").string();
  auto alone = run_client(run_directory, call);
  CHECK(alone.wait() == exited(1));
  CHECK(alone.err()
        == "terok-clearance: "
               + clearance::services::cannot_connect(socket, {ENOENT},
                                                     "--clearance-socket")
               + '\n');
  listener hub{socket};
  auto left = run_client(run_directory, call);
  hub.await_connection().read_frame();
  CHECK(left.wait() == exited(1));
  CHECK(left.err()
        == "terok-clearance: it is not known whether the verdict was applied:"
           " the hub at "
               + socket + " closed the connection without an answer\n");
  auto decision = run_client(run_directory, {"decide", "p", "1", "deny"});
  hub.await_connection().read_frame();
  CHECK(decision.wait() == exited(1));
  CHECK(decision.err()
        == "terok-clearance: it is not known whether this was decided: the hub"
           " at "
               + socket + " closed the connection without an answer\n");
}

TEST_CASE("verdict: a refusal is shown with its parameters, escaped") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  auto call = run_client(run_directory,
                         {"verdict", "c:1", "d", "allow", "--container", "c"});
  auto peer = hub.await_connection();
  auto frame = peer.read_frame().value();
  auto parsed = protocol::varlink::parse_call(frame);
  CHECK(std::get<protocol::varlink::call>(parsed).method
        == "org.terok.Clearance1.Verdict");
  std::string bytes;
  protocol::varlink::append_error(
      bytes, "org.terok.Clearance1.ShieldCliFailed",
      {{"action", "allow"}, {"stderr", "no \x1b[31msuch\nrule"}});
  peer.send(bytes);
  CHECK(call.wait() == exited(1));
  CHECK(call.out().empty());
  CHECK(
      call.err()
      == "terok-clearance: failed: org.terok.Clearance1.ShieldCliFailed"
         " action=allow stderr=\"no \\x1b[31msuch\\x0arule\": the firewall was"
         " not changed, and the request stays open if its container is still"
         " there\n");
}

TEST_CASE("decide: what the shield could not do has failed") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  auto call = run_client(run_directory, {"decide", "p1", "1", "allow"});
  auto peer = await_subscriber(hub);
  std::string bytes;
  protocol::varlink::append_error(
      bytes, "org.terok.ClearanceOperator1.DecisionFailed", {});
  peer.send(bytes);
  CHECK(call.wait() == exited(1));
  CHECK(
      call.err().starts_with("terok-clearance: failed: "
                             "org.terok.ClearanceOperator1.DecisionFailed: "));
}

TEST_CASE("clients at the readers' socket say so") {
  temp_dir run_directory;
  const auto path = (run_directory / "terok-shield-events.sock").string();
  listener hub{path};
  const std::vector<std::vector<std::string>> calls{
      {"watch"},
      {"list"},
      {"decide", "p1", "1", "allow"},
      {"verdict", "c:1", "d", "allow", "--container", "c"},
  };
  std::vector<child> programs;
  for (auto words : calls) {
    words.insert(words.end(), {"--clearance-socket", path});
    programs.push_back(run_client(run_directory, words));
  }
  for (auto& each : programs) {
    CHECK(each.wait() == exited(1));
    CHECK(each.err()
          == "terok-clearance: " + path
                 + " is the socket for readers: it answers no client; name the"
                   " hub's other socket, such as terok-clearance.sock\n");
  }
}

// `list` at the verdict helper's socket said that the hub keeps no prompts.
TEST_CASE("a socket at which no hub serves clients is said to be none") {
  temp_dir run_directory;
  const auto path = (run_directory / "terok-clearance.sock").string();
  listener hub{path};
  std::string none;
  protocol::varlink::append_error(none, "org.varlink.service.InterfaceNotFound",
                                  {});
  const auto text = path
                    + " is no hub's socket for clients; name that one, such as"
                      " terok-clearance.sock\n";
  auto list = run_client(run_directory, {"list"});
  {
    auto peer = await_subscriber(hub);
    peer.send(none);
    CHECK(peer.read_frame().has_value());
    peer.send(R"({"parameters":{"interfaces":["org.terok.ClearanceVerdict1"]}})"
              + std::string(1, '\0'));
    CHECK(list.wait() == exited(1));
  }
  CHECK(list.err() == "terok-clearance: " + text);
  auto verdict = run_client(
      run_directory, {"verdict", "c:1", "d", "allow", "--container", "c"});
  auto peer = await_subscriber(hub);
  peer.send(none);
  CHECK(verdict.wait() == exited(1));
  CHECK(verdict.err().ends_with(": " + text));
}

TEST_CASE("a hub is followed whatever its socket's name is") {
  temp_dir run_directory;
  const auto path = (run_directory / "ingester.sock").string();
  listener hub{path};
  auto watcher = run_client(
      run_directory, {"watch", "--count", "1", "--clearance-socket", path});
  {
    auto asker = await_subscriber(hub);
    asker.send(std::string{R"({"parameters":{}})"} + '\0');
    CHECK(asker.read_to_end().empty());
  }
  auto peer = await_subscriber(hub);
  peer.send(started_event("c"));
  CHECK(watcher.wait() == exited(0));
}

TEST_CASE("an option whose value is missing after = takes no other word") {
  temp_dir run_directory;
  auto call = run_client(run_directory, {"list", "--container=", "--json"});
  CHECK(call.wait() == exited(2));
  CHECK(call.err().starts_with(
      "terok-clearance: --container: there is no value after `=`\n"));
}

TEST_CASE("--plain says that its runtime directory is too long") {
  temp_dir run_directory;
  auto call =
      run_script(run_directory, "XDG_RUNTIME_DIR=/" + std::string(120, 'x')
                                    + " exec " + client + "--plain");
  CHECK(call.wait() == exited(1));
  CHECK(call.err().find("the path is longer than the 107 bytes")
        != std::string::npos);
}

TEST_CASE("audit list says why a trail cannot be read") {
  temp_dir run_directory;
  const auto path = run_directory / "trail.jsonl";
  std::filesystem::create_symlink(path, path);
  auto call = run_client(run_directory, {"audit", "list", path.string()});
  CHECK(call.wait() == exited(1));
  CHECK(call.err()
        == "terok-clearance: the audit trail " + path.string()
               + " cannot be read: Too many levels of symbolic links\n");
}

TEST_CASE("what cannot be written to stdout is one line on stderr") {
  temp_dir run_directory;
  const std::string full =
      "stdout cannot be written: No space left on device\n";
  for (const std::string option :
       {"--help", "--version", "serve --help", "watch --help"}) {
    auto told = run_script(run_directory,
                           "$terok_clearance " + option + " > /dev/full");
    CHECK(told.wait() == exited(1));
    CHECK(told.err() == "terok-clearance: " + full);
  }
  listener hub{run_directory / "terok-clearance.sock"};
  auto call = run_script(run_directory, "$terok_clearance verdict c:1 d allow"
                                        " --container c > /dev/full");
  auto peer = hub.await_connection();
  CHECK(peer.read_frame().has_value());
  peer.send(std::string{R"({"parameters":{"ok":true}})"} + '\0');
  CHECK(call.wait() == exited(0));
  CHECK(call.err() == "terok-clearance: the verdict was applied, but " + full);
}

TEST_CASE("verdict into a closed pipe says that the verdict was applied") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  // The reader of the pipe is gone before the client starts.
  auto call = run_script(
      run_directory, "mkfifo \"$XDG_RUNTIME_DIR/pipe\";"
                     " true < \"$XDG_RUNTIME_DIR/pipe\" &"
                     " exec 3> \"$XDG_RUNTIME_DIR/pipe\"; wait; "
                         + client + "verdict c:1 d allow --container c >&3");
  auto peer = await_subscriber(hub);
  peer.send(std::string{R"({"parameters":{"ok":true}})"} + '\0');
  CHECK(call.wait() == exited(0));
  CHECK(call.err()
        == "terok-clearance: the verdict was applied, but stdout cannot be"
           " written: Broken pipe\n");
}

TEST_CASE(
    "emit: an id that cannot be printed: the event was sent all the same") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-shield-events.sock"};
  auto emitter = run_script(run_directory, "$terok_clearance emit --blocked"
                                           " --container c --dest d --port 1"
                                           " > /dev/full");
  CHECK(hub.await_connection().read_to_end().ends_with('\n'));
  CHECK(emitter.wait() == exited(0));
  CHECK(emitter.err()
        == "terok-clearance: the event was sent, but stdout cannot be written:"
           " No space left on device\n");
}

TEST_CASE("emit: a hub's parser accepts the line") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-shield-events.sock"};
  auto emitter = run_client(run_directory,
                            {"emit", "--blocked", "--container", "c", "--dest",
                             "2001:db8::7", "--port", "53", "--proto", "udp",
                             "--domain", "a.b", "--dossier", "k=v"});
  auto line = hub.await_connection().read_to_end();
  CHECK(emitter.wait() == exited(0));
  // Blank lines follow it.
  line.resize(line.find('\n'));
  protocol::event x;
  protocol::reader_line_parser parser;
  REQUIRE(parser.parse(line, line.size(), x)
          == protocol::reader_line_parser::outcome::complete);
  CHECK(x.type == protocol::event_type::connection_blocked);
  CHECK(x.proto == 17);
  CHECK(x.target() == "a.b");
  CHECK(emitter.out() == x.request_id + "\n");
}

TEST_CASE("emit: stdin is sent unchanged") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-shield-events.sock"};
  std::string bytes = "one\n\xff\n";
  bytes += std::string(300'000, 'x') + "\nthe last has no newline";
  auto emitter = run_client(run_directory, {"emit"}, bytes);
  bool same = hub.await_connection().read_to_end() == bytes;
  CHECK(same);
  CHECK(emitter.wait() == exited(0));
  CHECK(emitter.err().empty());
}

TEST_CASE("emit: a hub that leaves before it has read all is one line") {
  temp_dir run_directory;
  auto socket = run_directory / "terok-shield-events.sock";
  auto alone = run_client(run_directory, {"emit"});
  CHECK(alone.wait() == exited(1));
  CHECK(lines_of(alone.err()) == 1);
  listener hub{socket};
  // Much more than a socket holds: it is still writing then.
  auto writing =
      run_client(run_directory, {"emit"}, std::string(5'000'000, 'x'));
  {
    auto peer = hub.await_connection();
    await_bytes(peer);
    std::string taken;
    peer.read_some(taken);
  }
  CHECK(writing.wait() == exited(1));
  CHECK(lines_of(writing.err()) == 1);
  // All is in the socket, but nobody takes it out.
  auto waiting = run_client(
      run_directory, {"emit", "--type", "shield_up", "--container", "c"});
  {
    auto peer = hub.await_connection();
    await_bytes(peer);
  }
  CHECK(waiting.wait() == exited(1));
  CHECK(waiting.err()
        == "terok-clearance: the hub at " + socket.string()
               + " went away before it had read everything\n");
}

TEST_CASE("emit: a socket that answers is not the readers'") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-shield-events.sock"};
  auto emitter = run_client(
      run_directory, {"emit", "--type", "shield_up", "--container", "c"});
  auto peer = hub.await_connection();
  peer.send("{}");
  CHECK(emitter.wait() == exited(1));
  CHECK(emitter.err().find("is it the socket for readers?")
        != std::string::npos);
}

} // namespace clients_tests
