// The paths of a hub's sockets are kept in place. Source: clearance.md,
// section 1.

#include "test/end_to_end/world/deployment.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <signal.h>

namespace rebinding_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

void await_served(const fs::path& path, const child& server) {
  const deadline guard;
  while (!accepts(path))
    guard.pace("a server at " + path.string() + "; stderr:\n" + server.err(),
               {server.pidfd()});
}

} // namespace

// `terok setup` unlinks terok-shield-events.sock.
TEST_CASE("a hub whose sockets are removed is reached at their paths again") {
  const runtime where;
  auto options = serve(where);
  auto server = start(std::move(options), {where.clearance(), where.reader()});
  for (const auto& path : {where.reader(), where.clearance()}) {
    fs::remove(path);
    server.await_err("path=" + path.string());
    await_served(path, server);
    CHECK(mode_of(path) == 0600);
  }
  CHECK(server.err().find(
            "the socket's file was gone; the socket was bound again")
        != std::string::npos);
  // Peers at the new sockets are served as before.
  varlink_client watcher{where.clearance()};
  watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  watcher.socket().await_taken();
  raw_socket{where.reader()}.send(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  server.kill(SIGTERM);
  CHECK(server.wait() == exited(0));
  CHECK_FALSE(fs::exists(where.clearance()));
  CHECK_FALSE(fs::exists(where.reader()));
}

TEST_CASE("a hub does not remove a file that replaced its socket") {
  const runtime where;
  auto server = start(serve(where), {where.clearance(), where.reader()});
  fs::remove(where.reader());
  write_file(where.reader(), "precious");
  server.await_err("nobody can connect: the socket's path does not lead to "
                   "this program socket=\"reader socket\"");
  server.kill(SIGTERM);
  CHECK(server.wait() == exited(0));
  CHECK(read_file(where.reader()) == "precious");
}

} // namespace rebinding_tests
