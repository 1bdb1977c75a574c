// Clients that are started without stdin, stdout or stderr. A socket must never
// get one of these numbers: a message for people would go to the hub.
#include "test/services/client/client_program.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <tuple>

namespace closed_descriptors_tests {

using namespace clearance::test;

namespace {

const std::string call_words = "verdict c:1 d allow --container c";
const std::string applied = std::string{R"({"parameters":{"ok":true}})"} + '\0';

/// The three ways to be started without stdout.
const std::vector<std::string> without_stdout{" >&-", " <&- >&-",
                                              " <&- >&- 2>&-"};

} // namespace

TEST_CASE("watch without stdout refuses, and takes no event from a hub") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  for (const auto& closed : without_stdout) {
    CAPTURE(closed);
    auto watcher = run_script(run_directory, client + "watch" + closed);
    CHECK(watcher.wait() == exited(1));
    if (closed.find("2>") == std::string::npos)
      CHECK(watcher.err()
            == "terok-clearance: watch shows events on stdout, and stdout is"
               " closed; open it or redirect it to a file\n");
    CHECK(hub.empty());
  }
}

TEST_CASE("watch without stdin and stderr shows events as always") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  for (const std::string closed : {" <&-", " 2>&-", " <&- 2>&-"}) {
    CAPTURE(closed);
    auto watcher =
        run_script(run_directory, client + "watch --json --count 1" + closed);
    auto peer = await_subscriber(hub);
    peer.send(started_event("c"));
    CHECK(watcher.wait() == exited(0));
    CHECK(lines_of(watcher.out()) == 1);
    CHECK(peer.read_to_end() == ""); // nothing but the call went to the hub
  }
}

TEST_CASE("an applied verdict without stdout ends with 0") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  for (const auto& closed : without_stdout) {
    CAPTURE(closed);
    auto call = run_script(run_directory, client + call_words + closed);
    auto peer = await_subscriber(hub);
    peer.send(applied);
    CHECK(peer.read_to_end() == "");
    CHECK(call.wait() == exited(0));
    if (closed.find("2>") == std::string::npos)
      CHECK(call.err()
            == "terok-clearance: the verdict was applied, but stdout cannot be"
               " written: it is closed\n");
  }
}

// These were silent, and ended with 0.
TEST_CASE("an answer that stdout cannot take is missed") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  const std::tuple<std::string, std::string, int> calls[] = {
      {"list", R"({"prompts":[{"state":"waiting"}],"complete":true})", 1},
      {"history", R"({"decisions":[{"action":"deny"}]})", 1},
      {"explain --to a.org", R"({"decision":"ask","opens":"o"})", 1},
      {"decide p 1 deny", R"({"decision":{"action":"deny"}})", 0}};
  for (const auto& [words, parameters, code] : calls) {
    CAPTURE(words);
    auto call = run_script(run_directory, client + words + " >&-");
    auto peer = await_subscriber(hub);
    peer.send(R"({"parameters":)" + parameters + "}" + std::string(1, '\0'));
    CHECK(call.wait() == exited(code));
    CHECK(call.err()
          == "terok-clearance: "
                 + std::string{code == 0 ? "the decision was made, but " : ""}
                 + "stdout cannot be written: it is closed\n");
  }
}

TEST_CASE("a client without stderr writes no message into the hub's socket") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  auto call = run_script(run_directory, client + call_words + " <&- >&- 2>&-");
  auto peer = await_subscriber(hub);
  peer.send("no varlink" + std::string(1, '\0'));
  CHECK(peer.read_to_end() == "");
  CHECK(call.wait() == exited(1));
}

TEST_CASE("emit without stdin says so, and without stdout sends its event") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-shield-events.sock"};
  auto no_input = run_script(run_directory, client + "emit <&-");
  CHECK(hub.await_connection().read_to_end() == "");
  CHECK(no_input.wait() == exited(1));
  CHECK(no_input.err()
        == "terok-clearance: cannot read stdin: Bad file descriptor\n");
  for (const auto& closed : without_stdout) {
    CAPTURE(closed);
    auto emitter =
        run_script(run_directory, client
                                      + "emit --blocked --container c --dest d"
                                        " --port 1 --id c:1"
                                      + closed);
    auto line = hub.await_connection().read_to_end();
    CHECK(line.starts_with("{"));
    CHECK(line.find("stdout") == std::string::npos);
    CHECK(emitter.wait() == exited(0));
    if (closed.find("2>") == std::string::npos)
      CHECK(emitter.err()
            == "terok-clearance: the event was sent, but stdout cannot be"
               " written: it is closed\n");
  }
}

TEST_CASE("help that stdout cannot take is one line and exit code 1") {
  temp_dir run_directory;
  auto help = run_script(run_directory, client + "watch --help >&-");
  CHECK(help.wait() == exited(1));
  CHECK(help.err()
        == "terok-clearance: stdout cannot be written: it is closed\n");
}

} // namespace closed_descriptors_tests
