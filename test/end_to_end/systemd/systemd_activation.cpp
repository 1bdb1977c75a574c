// Sockets that systemd opens and passes. The test plays systemd.

#include "test/end_to_end/world/deployment.hpp"
#include "test/end_to_end/world/gate_deployment.hpp"
#include "test/support/doubles/fake_manager.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace systemd_activation_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

/// Whether the programs are built with libsystemd. If not, the test is skipped.
bool takes_sockets() {
#if TEST_LIBSYSTEMD
  return true;
#else
  skipped("built without libsystemd");
  return false;
#endif
}

struct made_runtime : runtime {
  made_runtime() {
    fs::create_directory(directory());
    fs::permissions(directory(), fs::perms::owner_all);
  }
};

/// A runtime directory and a listening socket for each role.
struct fixture : made_runtime {
  unique_fd for_clients{listening_unix(clearance())};
  unique_fd for_readers{listening_unix(reader())};
  unique_fd for_hubs{listening_unix(verdict())};

  /// Arguments of a service without its sockets' paths.
  child_options service(std::vector<std::string> words) const {
    child_options result;
    result.argv = std::move(words);
    result.argv.insert(result.argv.begin(), terok_clearance());
    result.environment.emplace_back("XDG_RUNTIME_DIR",
                                    (dir / "empty").string());
    for (auto name : {"NOTIFY_SOCKET", "JOURNAL_STREAM"})
      result.environment.emplace_back(name, "");
    return result;
  }

  child_options hub() const {
    auto result = service({"serve", "--inline-verdict"});
    result.sockets = {{"reader", for_readers.get()},
                      {"clearance", for_clients.get()}};
    return result;
  }
};

/// What a program writes when it must not start, without the program's name.
std::string refusal(child_options options, int code) {
  child process{std::move(options)};
  CHECK_EQ(process.wait(), exited(code));
  const auto text = process.err();
  CHECK_EQ(text.find('\n'), text.size() - 1); // one line
  const auto at = text.find(": ");
  REQUIRE_NE(at, std::string::npos);
  return text.substr(at + 2, text.size() - at - 3);
}

const std::string cannot = "cannot serve the sockets that were passed: ";

unique_fd made(int fd) {
  REQUIRE(fd >= 0);
  return unique_fd{fd};
}

} // namespace

TEST_CASE(
    "a hub serves clients that came before it, and leaves its sockets behind") {
  if (!takes_sockets())
    return;
  fixture s;
  varlink_client early{s.clearance()};
  early.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  raw_socket reader{s.reader()};
  reader.send(block{}.line());
  reader.half_close();
  child server{s.hub()};
  CHECK_EQ(early.next_event(), block{}.event());
  server.kill(SIGTERM);
  CHECK_EQ(server.wait(), exited(0));
  // The socket belongs to systemd: a client that connects now waits for the
  // next hub.
  varlink_client late{s.clearance()};
  late.send("org.varlink.service.GetInfo");
  child next{s.hub()};
  CHECK_EQ(late.next_reply().error, "");
  for (const auto& path : {s.clearance(), s.reader()}) {
    CAPTURE(path);
    CHECK(fs::is_socket(path));
    CHECK_FALSE(fs::exists(path.string() + ".lock"));
  }
  CHECK_FALSE(fs::exists(s.dir / "empty"));
}

TEST_CASE("a second hub does not take the path of a socket that was passed to "
          "the first") {
  if (!takes_sockets())
    return;
  fixture s;
  child server{s.hub()};
  CHECK_EQ(
      varlink_client{s.clearance()}.call("org.varlink.service.GetInfo").error,
      "");
  CHECK_EQ(refusal(serve(s), 1), "cannot bind the reader socket "
                                     + s.reader().string()
                                     + ": another server answers there");
}

TEST_CASE("a peer of another uid is closed on a passed socket") {
  if (!takes_sockets())
    return;
  if (::getuid() != 0)
    return skipped("needs root");
  fixture s;
  // Everybody may connect, so that only the hub itself can refuse the peer.
  for (const auto& path :
       {s.dir.path(), s.directory(), s.clearance(), s.reader()})
    fs::permissions(path, fs::perms::all);
  child server{s.hub()};
  constexpr uid_t somebody_else = 65534;
  for (const auto& path : {s.clearance(), s.reader()}) {
    CAPTURE(path);
    REQUIRE_EQ(::seteuid(somebody_else), 0);
    raw_socket foreign{path};
    REQUIRE_EQ(::seteuid(0), 0);
    CHECK_EQ(foreign.read_to_end(), "");
  }
  server.await_err("refused a peer of another uid");
  CHECK_EQ(
      varlink_client{s.clearance()}.call("org.varlink.service.GetInfo").error,
      "");
}

TEST_CASE("a program that a service starts gets nothing from systemd") {
  if (!takes_sockets())
    return;
  fixture s;
  fake_manager manager;
  const auto shield = s.dir / "shield";
  const auto seen = s.dir / "seen";
  write_file(shield,
             "#!/bin/sh\n{ env; ls /proc/self/fd; } >" + seen.string() + "\n");
  fs::permissions(shield, fs::perms::owner_all);
  auto options = s.service({"serve-verdict", "--shield", shield});
  options.sockets = {{"verdict", s.for_hubs.get()}};
  options.environment.emplace_back("NOTIFY_SOCKET", manager.address());
  options.environment.emplace_back("WATCHDOG_USEC", "60000000");
  options.environment.emplace_back("NAME_THAT_STAYS", "1");
  child server{std::move(options)};
  CHECK_EQ(varlink_client{s.verdict()}.call("org.terok.ClearanceVerdict1.Apply",
                                            object_of({{"container", "c1"},
                                                       {"dest", "203.0.113.7"},
                                                       {"action", "allow"}})),
           success(R"({"ok":true,"stderr":""})"));
  const auto text = read_file(seen);
  CHECK_NE(text.find("NAME_THAT_STAYS=1\n"), std::string::npos);
  for (std::string name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
                           "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    CAPTURE(name);
    CHECK_EQ(text.find(name + "="), std::string::npos);
  }
  // stdin, stdout, stderr, and the descriptor with which ls lists the
  // directory.
  CHECK(text.ends_with("\n0\n1\n2\n3\n"));
}

TEST_CASE(
    "passed sockets that do not fit cause one line, and nothing is served") {
  if (!takes_sockets())
    return;
  fixture s;
  auto options = s.hub();
  const std::string takes =
      "; this service takes `clearance` and `reader`, once each";
  auto with = [&](std::vector<std::pair<std::string, int>> sockets) {
    options.sockets = std::move(sockets);
    return refusal(options, 1);
  };
  const int c = s.for_clients.get();
  const int r = s.for_readers.get();
  CHECK_EQ(with({{"clearance", c}}),
           cannot + "there is none named `reader`" + takes);
  CHECK_EQ(with({{"clearance", c}, {"reader", r}, {"reader", r}}),
           cannot + "there are two named `reader`" + takes);
  CHECK_EQ(with({{"clearance", c}, {"reader", r}, {"x\n", r}}),
           cannot + R"(there is one named `x\x0a`)" + takes);

  const auto stream = made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK_EQ(with({{"clearance", stream.get()}, {"reader", r}}),
           cannot + "`clearance` does not listen");
  const auto datagram = made(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  CHECK_EQ(with({{"clearance", datagram.get()}, {"reader", r}}),
           cannot + "`clearance` is not a stream socket");
  const auto packet = made(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
  CHECK_EQ(with({{"clearance", c}, {"reader", packet.get()}}),
           cannot + "`reader` is neither a unix nor a TCP socket");
  const auto file = made(::open("/dev/null", O_RDWR | O_CLOEXEC));
  CHECK_EQ(with({{"clearance", c}, {"reader", file.get()}}),
           cannot + "`reader` is not a socket");
}

TEST_CASE("a hub refuses a TCP socket, because only a unix socket tells the "
          "peer's uid") {
  if (!takes_sockets())
    return;
  fixture s;
  const auto tcp = listening_tcp();
  auto options = s.hub();
  options.sockets = {{"clearance", tcp.get()}, {"reader", s.for_readers.get()}};
  child server{std::move(options)};
  CHECK_EQ(server.wait(), exited(1));
  CHECK(server.err().ends_with(
      "terok-clearance: cannot serve the clearance socket: the descriptor 3 "
      "that was passed for it is not a unix socket\n"));
}

TEST_CASE("a path and a passed socket for the same role are refused") {
  if (!takes_sockets())
    return;
  fixture s;
  for (std::string option : {"--clearance-socket", "--reader-socket"}) {
    auto options = s.hub();
    options.argv.insert(options.argv.end(), {option, s.dir / "other"});
    CHECK_EQ(refusal(options, 2), cannot + option + " names another");
  }
  auto options = s.service({"serve-verdict", "--socket", s.dir / "other"});
  options.sockets = {{"verdict", s.for_hubs.get()}};
  CHECK_EQ(refusal(options, 2), cannot + "--socket names another");
  // The path of the helper's socket is for the hub as a client, so it is
  // accepted.
  options = s.hub();
  options.argv = {options.argv[0], "serve", "--verdict-socket", s.verdict()};
  child server{std::move(options)};
  CHECK_EQ(
      varlink_client{s.clearance()}.call("org.varlink.service.GetInfo").error,
      "");
}

TEST_CASE("sockets that were passed to another process are ignored") {
  if (!takes_sockets())
    return;
  fixture s;
  auto options = serve(s);
  // A shell that was passed sockets leaves these variables to its children.
  options.environment.emplace_back("LISTEN_PID", "1");
  options.environment.emplace_back("LISTEN_FDS", "2");
  s.for_clients.reset();
  s.for_readers.reset();
  child server{std::move(options)};
  server.await_err("serving");
}

#if !TEST_LIBSYSTEMD
TEST_CASE("without libsystemd a program refuses passed sockets") {
  fixture s;
  CHECK_EQ(refusal(s.hub(), 1),
           cannot + "this program was built without libsystemd");
}
#endif

// -- the gate -----------------------------------------------------------------

namespace {

const std::string refs = "/r.git/info/refs?service=git-upload-pack";

std::string get() {
  return http_request("GET", refs, {authorization(gate_world::token)});
}

/// A gate without an option for its socket.
child_options plain_gate(const gate_world& world) {
  auto result = gate_on_socket(world);
  const auto at = std::find(result.argv.begin(), result.argv.end(), "--socket");
  result.argv.erase(at, at + 2);
  return result;
}

} // namespace

TEST_CASE("a gate serves a unix socket that was passed to it") {
  if (!takes_sockets())
    return;
  const gate_world world;
  world.seed();
  const auto socket = listening_unix(world.socket());
  auto options = plain_gate(world);
  options.sockets = {{"gate", socket.get()}};
  http_client early{raw_socket{world.socket()}};
  early.send(get());
  child server{options};
  CHECK_EQ(early.next().status, 200);
  server.await_err("at=" + world.socket().string());
  server.kill(SIGTERM);
  CHECK_EQ(server.wait(), exited(0));
  CHECK(fs::is_socket(world.socket()));
  options.argv.insert(options.argv.end(), {"--listen", "127.0.0.1:0"});
  CHECK_EQ(refusal(options, 2), cannot + "--listen names another");
}

TEST_CASE(
    "a gate serves a passed loopback port, and others with --allow-remote") {
  if (!takes_sockets())
    return;
  const gate_world world;
  world.seed();
  auto options = plain_gate(world);
  const auto loopback = listening_tcp();
  options.sockets = {{"gate", loopback.get()}};
  {
    child server{options};
    CHECK_EQ(http_client{connect_tcp(port_of(loopback))}.call(get()).status,
             200);
  }
  const auto any = made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE_EQ(::listen(any.get(), 16), 0); // all addresses, a free port
  const auto port = port_of(any);
  options.sockets = {{"gate", any.get()}};
  CHECK_EQ(refusal(options, 2),
           "the socket that was passed: 0.0.0.0:" + std::to_string(port)
               + " is not a loopback address; "
                 "--allow-remote permits it");
  options.argv.emplace_back("--allow-remote");
  child server{options};
  CHECK_EQ(http_client{connect_tcp(port)}.call(get()).status, 200);
}

TEST_CASE("a gate without any socket names the options that it needs") {
  const gate_world world;
  CHECK_EQ(refusal(plain_gate(world), 2),
           "--socket or --listen is required where no socket is passed by "
           "systemd");
}

} // namespace systemd_activation_tests
