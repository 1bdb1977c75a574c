// The clients beside a real hub: clients that were stopped, clients at the
// wrong socket, and clients at the hub of another user or at a hub that has no
// room.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <set>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace clients_tests {

namespace {

using namespace clearance::test;
namespace fs = std::filesystem;

child run(std::vector<std::string> words) {
  child_options options;
  options.argv = {terok_clearance()};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  return child{std::move(options)};
}

/// Emits marks until `watch` shows one.
void await_following(hub& server, const child& watcher) {
  const deadline guard;
  while (watcher.out().find("\"here\"") == std::string::npos) {
    server.emit(plain_line("shield_up", "here"));
    guard.pace("watch", {watcher.pidfd()});
  }
}

std::size_t count_of(const std::string& text, std::string_view what) {
  std::size_t result = 0;
  for (auto at = text.find(what); at != text.npos;
       at = text.find(what, at + what.size()))
    ++result;
  return result;
}

/// The ids of all events that have one.
std::vector<std::string> request_ids(const std::string& lines) {
  const std::string key = "\"request_id\":\"";
  std::vector<std::string> result;
  for (auto at = lines.find(key); at != lines.npos; at = lines.find(key, at)) {
    at += key.size();
    const auto id = lines.substr(at, lines.find('"', at) - at);
    if (!id.empty())
      result.push_back(id);
  }
  return result;
}

} // namespace

TEST_CASE("after a stop watch shows all blocks that it missed") {
  const runtime where;
  hub server{where};
  auto watcher =
      run({"watch", "--json", "--clearance-socket", where.clearance()});
  await_following(server, watcher);
  watcher.suspend();
  constexpr std::size_t blocks = 3000;
  std::string lines;
  for (std::size_t i = 0; i < blocks; ++i) {
    block x;
    x.request_id = "c1:" + std::to_string(i);
    lines += x.line();
  }
  // The hub closes the connection when it has announced all lines. The test
  // uses no second subscriber: the hub would send it the blocks that `watch`
  // misses.
  auto reader = server.reader();
  reader.send(lines);
  reader.half_close();
  CHECK(reader.read_to_end() == "");
  watcher.kill(SIGCONT);
  watcher.await_err("may be missing, because this program was stopped; ");
  const deadline guard;
  while (count_of(watcher.out(), "\"connection_blocked\"") < blocks)
    guard.pace("every block", {watcher.pidfd()});
  const auto shown = request_ids(watcher.out());
  CHECK(shown.size() == blocks);
  CHECK(std::set<std::string>(shown.begin(), shown.end()).size() == blocks);
  watcher.kill(SIGTERM);
  CHECK(watcher.wait() == exited(0));
  CHECK(count_of(watcher.err(), "may be missing") == 1);
}

// Another subscriber is sent all blocks, so none of them comes again.
TEST_CASE("after a stop watch says how many events it has lost") {
  const runtime where;
  hub server{where};
  auto watcher =
      run({"watch", "--json", "--clearance-socket", where.clearance()});
  await_following(server, watcher);
  auto other =
      run({"watch", "--json", "--clearance-socket", where.clearance()});
  await_following(server, other);
  watcher.suspend();
  constexpr std::size_t blocks = 3000;
  std::string lines;
  for (std::size_t i = 0; i < blocks; ++i) {
    block x;
    x.request_id = "c1:" + std::to_string(i);
    lines += x.line();
  }
  auto reader = server.reader();
  reader.send(lines);
  reader.half_close();
  CHECK(reader.read_to_end() == "");
  const deadline guard;
  while (count_of(other.out(), "\"connection_blocked\"") < blocks)
    guard.pace("every block", {other.pidfd()});
  watcher.kill(SIGCONT);
  watcher.await_err("`terok-clearance list` shows all that wait");
  const auto text = watcher.err();
  const std::string before = " dropped ";
  const auto at = text.find(before);
  REQUIRE(at != text.npos);
  const auto lost = std::stoul(text.substr(at + before.size()));
  CHECK(lost > 0);
  while (count_of(watcher.out(), "\"connection_blocked\"") + lost < blocks)
    guard.pace("every block that was not lost", {watcher.pidfd()});
  watcher.kill(SIGTERM);
  CHECK(watcher.wait() == exited(0));
  CHECK(count_of(watcher.out(), "\"connection_blocked\"") + lost == blocks);
}

TEST_CASE("watch that missed no block during a stop writes no warning") {
  const runtime where;
  hub server{where};
  auto watcher =
      run({"watch", "--json", "--clearance-socket", where.clearance()});
  await_following(server, watcher);
  watcher.suspend();
  server.emit(block{}.line());
  watcher.kill(SIGCONT);
  watcher.await_out("connection_blocked");
  watcher.kill(SIGTERM);
  CHECK(watcher.wait() == exited(0));
  CHECK(watcher.err()
        == "terok-clearance: following the hub at " + where.clearance().string()
               + "\n");
}

TEST_CASE("emit to an operators' socket notices that its events are lost") {
  const runtime where;
  hub server{where};
  child_options options;
  SUBCASE("an event that is made from options") {
    options.argv = {terok_clearance(),
                    "emit",
                    "--blocked",
                    "--container",
                    "c1",
                    "--dest",
                    "203.0.113.7",
                    "--port",
                    "443",
                    "--reader-socket",
                    where.clearance()};
  }
  SUBCASE("lines from stdin") {
    options.argv = {"/bin/sh", "-c",
                    "echo '{\"type\":\"shield_up\",\"container\":\"c1\"}' |"
                    " exec \"$0\" emit --reader-socket \"$1\"",
                    terok_clearance(), where.clearance()};
  }
  SUBCASE("more lines than a message can have") {
    options.argv = {"/bin/sh", "-c",
                    "yes '{\"type\":\"shield_up\"}' | head -c 4000000 |"
                    " exec \"$0\" emit --reader-socket \"$1\"",
                    terok_clearance(), where.clearance()};
  }
  child emitter{std::move(options)};
  CHECK(emitter.wait() == exited(1));
  CHECK(emitter.out() == "");
  CHECK(emitter.err().find("is it the socket for readers?")
        != std::string::npos);
  CHECK(emitter.err().find('\n') == emitter.err().size() - 1);
  server.process().await_err("closed a client's connection");
}

TEST_CASE(
    "after an emit to the readers' socket the hub counts no dropped line") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  auto emitter = run({"emit", "--type", "shield_up", "--container", "c1",
                      "--reader-socket", where.reader()});
  CHECK(emitter.wait() == exited(0));
  CHECK(watcher.next_event() == plain_event("shield_up", "c1"));
  CHECK(server.stop() == exited(0));
  CHECK(server.process().err().find("dropped") == std::string::npos);
}

TEST_CASE("clients name the owner of a hub that belongs to another user") {
  const runtime where;
  if (::getuid() != 0 || !fs::exists("/usr/bin/setpriv")) {
    skipped("needs root and setpriv");
    return;
  }
  constexpr uid_t somebody = 65534;
  // A copy, because the build directory may be closed to others.
  fs::copy_file(terok_clearance(), where.dir / "terok-clearance");
  REQUIRE(::chown(where.dir.path().c_str(), somebody, somebody) == 0);
  child_options options;
  options.argv = {"/usr/bin/setpriv",
                  "--reuid",
                  std::to_string(somebody),
                  "--regid",
                  std::to_string(somebody),
                  "--clear-groups",
                  where.dir / "terok-clearance",
                  "serve",
                  "--inline-verdict",
                  "--clearance-socket",
                  where.clearance(),
                  "--reader-socket",
                  where.reader()};
  auto server = start(options, {where.clearance(), where.reader()});
  for (std::vector<std::string> words :
       {std::vector<std::string>{"watch", "--clearance-socket",
                                 where.clearance()},
        {"verdict", "c1:1", "d", "allow", "--container", "c1",
         "--clearance-socket", where.clearance()},
        {"emit", "--type", "shield_up", "--container", "c1", "--reader-socket",
         where.reader()}}) {
    CAPTURE(words.front());
    auto client = run(words);
    CHECK(client.wait() == exited(1));
    CHECK(count_of(client.err(), "\n") == 1);
    CHECK(client.err().find(" belongs to uid 65534 ") != std::string::npos);
    CHECK(client.err().find(" and you are uid 0 ") != std::string::npos);
  }
}

} // namespace clients_tests
