// Clients whose directories, paths or hubs are not as they should be.
#include "protocol/varlink/message.hpp"
#include "test/services/client/client_program.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>

namespace surroundings_tests {

using namespace clearance::test;
namespace fs = std::filesystem;
namespace protocol = clearance::protocol;

namespace {

using parameters = std::vector<std::pair<std::string_view, std::string_view>>;

std::string block_of(const std::string& id) {
  protocol::event x;
  x.container = "c";
  x.request_id = id;
  x.dest = "192.0.2.1";
  return encoded(x);
}

/// What `verdict` says of an error reply.
std::string said_of(const std::string& error, const parameters& values) {
  temp_dir run_directory;
  listener hub{run_directory / "terok-clearance.sock"};
  auto call = run_client(run_directory,
                         {"verdict", "c:1", "d", "allow", "--container", "c"});
  auto peer = await_subscriber(hub);
  std::string bytes;
  protocol::varlink::append_error(bytes, "org.terok.Clearance1." + error,
                                  values);
  peer.send(bytes);
  CHECK(call.wait() == exited(1));
  CHECK(lines_of(call.err()) == 1);
  return call.err();
}

} // namespace

TEST_CASE("watch goes on when its working directory is deleted") {
  temp_dir run_directory;
  fs::create_directory(run_directory / "elsewhere");
  auto socket = run_directory / "elsewhere/s";
  listener hub{socket};
  auto watcher = run_script(
      run_directory, "cd \"$XDG_RUNTIME_DIR/elsewhere\" && exec " + client
                         + "watch --clearance-socket s --count 2");
  auto peer = await_subscriber(hub);
  peer.send(block_of("c:1"));
  watcher.await_out("c:1");
  fs::remove_all(run_directory / "elsewhere");
  peer.send(block_of("c:2"));
  CHECK(watcher.wait() == exited(0));
  CHECK(watcher.out().find("verdict c:2 192.0.2.1 allow --container c"
                           " --clearance-socket "
                           + socket.string() + "\n")
        != std::string::npos);
}

TEST_CASE("a default path that no socket can have ends a client at once") {
  temp_dir top;
  const auto runtime = top / std::string(100, 'x');
  for (const std::string words :
       {"watch", "watch --all", "verdict c:1 d allow --container c",
        "emit --type shield_up --container c"}) {
    CAPTURE(words);
    auto program = run_script(top, "XDG_RUNTIME_DIR=" + runtime.string()
                                       + " exec " + client + words);
    CHECK(program.wait() == exited(1));
    CHECK(lines_of(program.err()) == 1);
    CHECK(program.err().find("is longer than the 107 bytes")
          != std::string::npos);
  }
}

TEST_CASE("watch --all says that there is no hub yet, once") {
  temp_dir run_directory;
  auto watcher = run_client(run_directory, {"watch", "--all"});
  watcher.await_err("terok-clearance: no hub below "
                    + run_directory.path().string()
                    + " yet; waiting for one\n");
  listener hub{run_directory / "terok-clearance.sock"};
  auto peer = await_subscriber(hub);
  watcher.await_err("following");
  watcher.kill(SIGTERM);
  CHECK(watcher.wait() == exited(0));
  CHECK(lines_of(watcher.err()) == 2);
}

TEST_CASE("verdict lists what a hub may mean by an unknown request") {
  const auto said = said_of("UnknownRequest", {{"request_id", "c:1"}});
  CHECK(said.starts_with("terok-clearance: refused:"
                         " org.terok.Clearance1.UnknownRequest"
                         " request_id=c:1: "));
  for (const char* cause :
       {"answered already", "being answered", "container or shield is gone",
        "restarted", "never was at this hub"})
    CHECK(said.find(cause) != std::string::npos);
}

TEST_CASE("verdict says which container and destination the request has") {
  const auto said =
      said_of("VerdictTupleMismatch", {{"expected_container", "other"},
                                       {"expected_dest", "192.0.2.1"},
                                       {"got_container", "c"},
                                       {"got_dest", "d"}});
  CHECK(said.ends_with(": the open request of this id is of container other"
                       " and destination 192.0.2.1\n"));
}

TEST_CASE("emit prints the id that a verdict has to cite") {
  temp_dir run_directory;
  listener hub{run_directory / "terok-shield-events.sock"};
  const std::pair<std::string, std::string> ids[] = {
      {"caf\xc3\xa9\t1", "caf  1"},
      {std::string(257, 'x'), std::string(253, 'x') + "..."},
      {"c:1", "c:1"}};
  for (const auto& [given, known] : ids) {
    auto emitter = run_client(run_directory,
                              {"emit", "--blocked", "--container", "c",
                               "--dest", "d", "--port", "1", "--id", given});
    hub.await_connection().read_to_end();
    CHECK(emitter.wait() == exited(0));
    CHECK(emitter.out() == known + "\n");
  }
}

} // namespace surroundings_tests
