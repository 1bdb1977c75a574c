// The audit trail of a running hub, and the command that reads it. Source:
// operator.md, sections 5 and 8.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/skip.hpp"
#include "test/support/wire/json.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

namespace audit_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

struct command_end {
  ending how;
  std::string out;
  std::string err;
};

command_end audit(std::vector<std::string> words) {
  child_options options;
  options.argv = {terok_clearance(), "audit"};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  child program{std::move(options)};
  auto how = program.wait();
  return {how, program.out(), program.err()};
}

std::string trail_of(const runtime& where) {
  return where.dir / "trail.jsonl";
}

hub_options audited(const runtime& where, std::vector<std::string> more = {}) {
  hub_options result;
  result.arguments = {"--audit", trail_of(where)};
  result.arguments.insert(result.arguments.end(), more.begin(), more.end());
  return result;
}

block audited_block(const std::string& id) {
  block x;
  x.container = "c1";
  x.request_id = id;
  return x;
}

void allow(hub& server, varlink_client& subscriber, const block& x) {
  server.emit(x.line());
  while (subscriber.next_event().type != "connection_blocked")
    continue;
  auto client = server.client();
  CHECK(client.verdict("c1", x.request_id, x.dest, "allow")
        == success(R"({"ok":true})"));
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

TEST_CASE("a verdict is in the trail, which can be listed and verified") {
  const runtime where;
  const fake_shield shield;
  auto options = audited(where, {"--audit-sync", "--no-prompts"});
  options.shield = shield.program();
  {
    hub server{where, options};
    auto subscriber = server.subscriber();
    allow(server, subscriber, audited_block("r1"));
    CHECK(server.stop() == exited(0));
  }
  CHECK_EQ(mode_of(trail_of(where)), 0600U);
  const auto all = audit({"list", trail_of(where)});
  CHECK_MESSAGE(all.how == exited(0), all.err);
  for (const char* event : {" start ", " decision_asked allow pending c1 ",
                            " decision_result allow applied c1 ", " stop\n"})
    CHECK_MESSAGE(says(all.out, event), all.out);
  CHECK_EQ(lines_in(all.out), 4);
  CHECK_EQ(lines_in(audit({"list", trail_of(where), "--container", "c1"}).out),
           2);
  CHECK_EQ(lines_in(audit({"list", trail_of(where), "--by", "policy"}).out), 0);
  CHECK_EQ(lines_in(audit({"list", trail_of(where), "--since", "1h"}).out), 4);
  CHECK_EQ(lines_in(audit({"list", trail_of(where), "--until", "1h"}).out), 0);
  const auto exported = audit({"export", trail_of(where)});
  CHECK_EQ(exported.out, read_file(trail_of(where)));
  const auto redacted = audit({"export", "--redact", trail_of(where)});
  CHECK_EQ(lines_in(redacted.out), 4);
  CHECK_FALSE(says(redacted.out, "\"uid\""));
  CHECK_FALSE(says(redacted.out, "\"pid\""));
  CHECK(says(redacted.out, "\"command\""));
  child_options propose;
  propose.argv = {terok_clearance(), "policy", "propose", trail_of(where)};
  child proposed{std::move(propose)};
  CHECK(proposed.wait() == exited(0));
  CHECK(says(proposed.out(), "version = 1\n"));
  auto verified = audit({"verify", trail_of(where)});
  CHECK(verified.how == exited(0));
  CHECK(says(verified.out, "the chain holds: 4 records in 1 file, seq 1 to 4"));
  // Whoever changes a record is found.
  auto text = read_file(trail_of(where));
  text.replace(text.find("applied"), 7, "failed!");
  write_file(trail_of(where), text);
  verified = audit({"verify", trail_of(where)});
  CHECK(verified.how == exited(1));
  CHECK(says(verified.out, trail_of(where) + ":4: the chain is broken"));
}

TEST_CASE("a hub that was killed goes on with its trail") {
  const runtime where;
  const auto options = audited(where, {"--audit-required"});
  {
    hub server{where, options};
    server.process().kill(SIGKILL);
    server.process().wait();
  }
  // As if it had been in the middle of a line.
  write_file(trail_of(where), read_file(trail_of(where)) + R"({"v":1,"seq)");
  fs::remove(where.clearance());
  fs::remove(where.reader());
  hub server{where, options};
  server.process().await_err("a line of the audit trail was cut off");
  CHECK(server.stop() == exited(0));
  const auto all = audit({"list", trail_of(where)});
  CHECK(says(all.out, " torn_line "));
  CHECK(audit({"verify", trail_of(where)}).how == exited(0));
  CHECK_EQ(read_file(trail_of(where) + ".torn"), "{\"v\":1,\"seq\n");
}

TEST_CASE("a hub that starts again knows what was decided before") {
  const runtime where;
  const fake_shield shield;
  auto options = audited(where);
  options.shield = shield.program();
  const auto seqs = [](hub& server) {
    std::vector<std::int64_t> result;
    auto client = server.client();
    const auto reply = client.call("org.terok.ClearanceOperator1.History");
    for (const auto& x : reply.parameters["decisions"].as<json::array>())
      result.push_back(x["seq"].as<std::int64_t>());
    return result;
  };
  for (const std::int64_t life : {1, 2, 3}) {
    hub server{where, options};
    auto subscriber = server.subscriber();
    allow(server, subscriber, audited_block("r1"));
    std::vector<std::int64_t> expected;
    for (std::int64_t n = 1; n <= life; ++n)
      expected.push_back(n);
    CHECK(seqs(server) == expected);
    CHECK(server.stop() == exited(0));
    if (life == 1) // as logrotate does
      fs::rename(trail_of(where), trail_of(where) + ".1");
  }
}

TEST_CASE("a second hub on the same trail does not start") {
  const runtime where;
  hub first{where, audited(where)};
  const runtime elsewhere;
  child second{serve(elsewhere, audited(where))};
  CHECK(second.wait() == exited(1));
  CHECK_MESSAGE(says(second.err(), "is written by another hub that runs"),
                second.err());
}

TEST_CASE("by default the trail is in the state directory") {
  const runtime where;
  hub_options options;
  options.process.environment = {{"XDG_STATE_HOME", where.dir / "state"}};
  hub server{where, options};
  const auto path = where.dir / "state/terok-clearance/audit/hub.jsonl";
  CHECK(fs::exists(path));
  // Another hub goes without, and says so.
  const runtime elsewhere;
  hub second{elsewhere, options};
  second.process().await_err("there is no audit trail");
  CHECK(second.stop() == exited(0));
  CHECK(server.stop() == exited(0));
  child_options words;
  words.argv = {terok_clearance(), "audit", "verify"};
  words.environment = options.process.environment;
  child verify{std::move(words)};
  CHECK(verify.wait() == exited(0));
  CHECK(says(verify.out(), path.string() + ": the chain holds"));
}

TEST_CASE("where logrotate renamed the trail SIGHUP goes on in a new file") {
  const runtime where;
  hub server{where, audited(where, {"--no-prompts"})};
  const auto first = trail_of(where);
  fs::rename(first, first + ".1");
  server.process().kill(SIGHUP);
  const deadline guard;
  while (!fs::exists(first))
    guard.pace("a new file", {server.process().pidfd()});
  CHECK(server.stop() == exited(0));
  CHECK(says(read_file(first), R"("event":"stop")"));
  const auto verified = audit({"verify", first});
  CHECK(verified.how == exited(0));
  CHECK(says(verified.out, "2 records in 2 files"));
}

TEST_CASE("without an audit trail nothing is written") {
  const runtime where;
  hub_options options;
  options.arguments = {"--audit", "none"};
  options.process.environment = {{"XDG_STATE_HOME", where.dir / "state"}};
  hub server{where, options};
  CHECK_FALSE(fs::exists(where.dir / "state"));
  CHECK(audit({"list", where.dir / "state"}).how == exited(1));
}

TEST_CASE("on a full disk a required verdict fails, and is executed later") {
  const runtime where;
  fake_shield shield;
  child_options probe;
  const std::vector<std::string> own_mounts{"/usr/bin/unshare", "--user",
                                            "--map-root-user", "--mount"};
  probe.argv = own_mounts;
  probe.argv.insert(probe.argv.end(), {"mount", "-t", "tmpfs", "none", "/mnt"});
  bool can_mount = false;
  try {
    can_mount = child{probe}.wait() == exited(0);
  } catch (const std::exception&) {
    // no such program
  }
  if (!can_mount)
    return skipped("needs unshare(1) and user namespaces");
  const auto small = where.dir / "small";
  fs::create_directory(small);
  auto options = audited(where, {"--audit-required"});
  options.arguments[1] = small / "trail.jsonl";
  options.shield = shield.program();
  auto words = serve(where, options);
  auto argv = own_mounts;
  argv.insert(argv.end(), {"/bin/sh", "-c",
                           "set -e; mount -t tmpfs -o size=64k none \"$1\"; "
                           "shift; exec \"$@\"",
                           "sh", small});
  argv.insert(argv.end(), words.argv.begin(), words.argv.end());
  options.process.argv = argv;
  options.arguments.clear();
  words.argv = argv;
  child process = start(words, {where.clearance(), where.reader()});
  raw_socket reader{where.reader()};
  varlink_client client{where.clearance()};
  const auto asked = audited_block("r1");
  auto verdict = [&] {
    return to_string(client.verdict("c1", "r1", asked.dest, "allow"));
  };
  reader.send(asked.line());
  while (says(verdict(), "UnknownRequest"))
    continue;
  shield.next_run(); // that one was executed
  const fs::path seen =
      "/proc/" + std::to_string(process.pid()) + "/root" + small.string();
  {
    const unique_fd fd{::open((seen / "filler").c_str(),
                              O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
    REQUIRE(fd);
    const std::string zeros(4096, '\0');
    while (::write(fd.get(), zeros.data(), zeros.size()) > 0)
      continue;
  }
  // Until its last page is full the trail takes records.
  std::string reply;
  do {
    reader.send(asked.line());
    reply = verdict();
  } while (!says(reply, "No space left on device"));
  CHECK(says(reply, "ShieldCliFailed"));
  CHECK(says(reply, "audit: "));
  process.await_err("the audit trail cannot be written");
  const auto runs = shield.waiting_runs();
  CHECK(says(verdict(), "audit: "));
  CHECK_EQ(shield.waiting_runs(), runs);
  fs::remove(seen / "filler");
  CHECK(client.verdict("c1", "r1", asked.dest, "allow")
        == success(R"({"ok":true})"));
  process.await_err("the audit trail is written again");
}

} // namespace audit_tests
