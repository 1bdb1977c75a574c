// A peer of another uid is closed before a byte of it is read or written.
// Source: clearance.md, section 1, "Peers".

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <unistd.h>

namespace peers_tests {

namespace {

using namespace clearance::test;
namespace fs = std::filesystem;

constexpr auto somebody_else = "65534";

/// Runs `words` with another uid. The programs run with that uid, and the test
/// stays root. Root may open any socket, so only the server's own check can
/// refuse the test's connection.
child_options as_somebody(const runtime& where,
                          std::vector<std::string> words) {
  child_options result;
  result.argv = {"/usr/bin/setpriv",
                 "--reuid",
                 somebody_else,
                 "--regid",
                 somebody_else,
                 "--clear-groups",
                 where.dir / "terok-clearance"};
  result.argv.insert(result.argv.end(), words.begin(), words.end());
  return result;
}

/// Whether this test can run here. Changes the owner of the directory to the
/// other uid.
bool prepare(const runtime& where) {
  if (::getuid() != 0) {
    skipped("needs root");
    return false;
  }
  if (!fs::exists("/usr/bin/setpriv")) {
    skipped("needs setpriv");
    return false;
  }
  // A copy, because the build directory may be closed to others.
  fs::copy_file(terok_clearance(), where.dir / "terok-clearance");
  const auto uid = static_cast<uid_t>(std::stoi(somebody_else));
  REQUIRE(::chown(where.dir.path().c_str(), uid, uid) == 0);
  return true;
}

void check_closed_unheard(const fs::path& path, child& server,
                          std::string_view bytes) {
  CAPTURE(path);
  raw_socket foreign{path};
  try {
    foreign.send(bytes);
  } catch (const peer_closed&) {
    // The connection was closed before this write.
  }
  CHECK(foreign.read_to_end() == "");
  server.await_err(std::to_string(::getpid()));
  const auto said = server.err();
  CHECK(said.find("uid") != std::string::npos);
}

} // namespace

TEST_CASE("a peer of another uid is closed on every socket") {
  const runtime where;
  if (!prepare(where))
    return;
  auto server =
      start(as_somebody(where,
                        {"serve", "--inline-verdict", "--clearance-socket",
                         where.clearance(), "--reader-socket", where.reader()}),
            {where.clearance(), where.reader()});
  const auto info = call_bytes("org.varlink.service.GetInfo");
  check_closed_unheard(where.clearance(), server, info);
  check_closed_unheard(where.reader(), server, block{}.line());
  // A client of the program's own uid is served, and did not get that block.
  child watcher{as_somebody(where, {"watch", "--json", "--count", "1",
                                    "--clearance-socket", where.clearance()})};
  child emitter{
      as_somebody(where, {"emit", "--type", "shield_up", "--container", "c1",
                          "--reader-socket", where.reader()})};
  CHECK(emitter.wait() == exited(0));
  const deadline guard;
  while (watcher.running()) {
    child again{
        as_somebody(where, {"emit", "--type", "shield_up", "--container", "c1",
                            "--reader-socket", where.reader()})};
    CHECK(again.wait() == exited(0));
    guard.pace("an event for watch", {watcher.pidfd()});
  }
  CHECK(watcher.wait() == exited(0));
  CHECK(watcher.out().find("shield_up") != std::string::npos);
  CHECK(watcher.out().find("connection_blocked") == std::string::npos);

  auto helper =
      start(as_somebody(where, {"serve-verdict", "--socket", where.verdict(),
                                "--shield", "/nonexistent"}),
            {where.verdict()});
  check_closed_unheard(where.verdict(), helper, info);
}

TEST_CASE("a peer of another uid is logged once for each connection, with uid "
          "and pid") {
  const runtime where;
  if (!prepare(where))
    return;
  auto server =
      start(as_somebody(where,
                        {"serve", "--inline-verdict", "--clearance-socket",
                         where.clearance(), "--reader-socket", where.reader()}),
            {where.clearance(), where.reader()});
  constexpr int probes = 2; // start() has connected once to each socket
  for (int i = 0; i < 10; ++i)
    CHECK(raw_socket{where.reader()}.read_to_end() == "");
  server.kill(SIGTERM);
  CHECK(server.wait() == exited(0));
  const auto pid = "pid=" + std::to_string(::getpid()) + "\n";
  const auto log = server.err();
  CAPTURE(log);
  int lines = 0;
  for (auto at = log.find(pid); at != std::string::npos;
       at = log.find(pid, at + 1)) {
    const auto begin = log.rfind('\n', at) + 1;
    CHECK(log.substr(begin, at - begin).find("uid=0") != std::string::npos);
    ++lines;
  }
  CHECK(lines == 10 + probes);
}

} // namespace peers_tests
