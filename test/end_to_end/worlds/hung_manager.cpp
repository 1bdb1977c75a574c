// systemd does not read what a service writes to it: the journal's socket or
// the manager's notify socket is full. Whoever serves goes on and ends when
// told to.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/doubles/fake_manager.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace hung_manager_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

/// Sends to the socket until it takes nothing more.
void fill(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  const unique_fd sender{
      ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  while (::sendto(sender.get(), "x", 1, 0,
                  reinterpret_cast<const sockaddr*>(&address), sizeof(address))
         == 1)
    continue;
  REQUIRE(errno == EAGAIN);
}

/// Reads until one message contains `text`.
void await_message(fake_manager& from, std::string_view text) {
  while (from.next().find(text) == std::string::npos)
    continue;
}

/// Words that start a program with `directory` at /run/systemd/journal, and
/// with stderr where the journal would read it.
std::vector<std::string> with_journal(const fs::path& directory) {
  return {"/usr/bin/unshare",
          "--user",
          "--map-root-user",
          "--mount",
          "/bin/sh",
          "-c",
          "set -e; mount -t tmpfs none /run; mkdir -p /run/systemd/journal; "
          "mount --bind \"$0\" /run/systemd/journal; exec 2>\"$0/stderr\"; "
          "JOURNAL_STREAM=$(stat -L -c %d:%i \"$0/stderr\"); "
          "export JOURNAL_STREAM; exec \"$@\"",
          directory};
}

bool can_mount_run() {
  child_options options;
  options.argv = {"/usr/bin/unshare",
                  "--user",
                  "--map-root-user",
                  "--mount",
                  "mount",
                  "-t",
                  "tmpfs",
                  "none",
                  "/run"};
  try {
    child process{std::move(options)};
    return process.wait() == exited(0);
  } catch (const std::exception&) { // no such program
    return false;
  }
}

/// Bad lines, and verdicts that are applied: each is a line of the log.
void fill_log(hub& server, varlink_client& watcher) {
  std::string bad;
  for (int i = 0; i < 300; ++i)
    bad += "bad\n";
  server.emit(bad);
  auto caller = server.client();
  for (int i = 0; i < 20; ++i) {
    server.emit(block{}.line());
    REQUIRE(watcher.next_event() == block{}.event());
    REQUIRE(caller.verdict("c1", "c1:1", "203.0.113.7", "allow")
            == success(R"({"ok":true})"));
    REQUIRE(watcher.next_event().type == "verdict_applied");
  }
}

hub_options with_words(std::vector<std::string> words,
                       const fake_shield& shield) {
  hub_options result;
  result.shield = shield.program();
  words.push_back(terok_clearance());
  result.process.argv = std::move(words);
  return result;
}

} // namespace

TEST_CASE("a hub whose journal hangs serves, and ends when told to") {
  if (TEST_LIBSYSTEMD == 0) {
    skipped("the hub was built without libsystemd");
    return;
  }
  if (!can_mount_run()) {
    skipped("needs unshare(1) and user namespaces");
    return;
  }
  const runtime where;
  const fake_shield shield;
  const temp_dir journal;
  fake_manager socket{journal / "socket"};
  fill(journal / "socket");
  hub server{where, with_words(with_journal(journal.path()), shield)};
  auto watcher = server.subscriber();
  fill_log(server, watcher);
  SUBCASE("while it hangs") {
    // nop
  }
  SUBCASE("after it went on") {
    await_message(socket, "MESSAGE=registry: verdict applied");
  }
  CHECK(server.stop() == exited(0));
  CHECK(read_file(journal / "stderr").empty());
}

TEST_CASE("a hub whose manager hangs serves, and ends when told to") {
  const runtime where;
  const fake_shield shield;
  fake_manager manager;
  fill(manager.address());
  hub server{where,
             with_words({"/usr/bin/env", "NOTIFY_SOCKET=" + manager.address()},
                        shield)};
  auto watcher = server.subscriber();
  fill_log(server, watcher);
  SUBCASE("while it hangs") {
    // nop
  }
  SUBCASE("after it went on") {
    await_message(manager, "READY=1");
  }
  CHECK(server.stop() == exited(0));
}

} // namespace hung_manager_tests
