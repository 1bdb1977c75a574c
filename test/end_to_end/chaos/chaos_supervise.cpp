// SIGKILL ends a supervisor in the middle of verdicts and pushes of several
// containers; and a supervisor has no free descriptor.

#include "actors/base/sanitizers.hpp"
#include "test/end_to_end/chaos/chaos.hpp"
#include "test/end_to_end/world/supervision.hpp"
#include "test/support/net/http_client.hpp"
#include "test/support/process/process_facts.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <set>
#include <signal.h>

namespace chaos_supervise_tests {

namespace {

using namespace clearance::test;

const container one{"one", "111111111111aaaa", {}};
const container two{"two", "222222222222bbbb", {}};
const container three{"three", "333333333333cccc", {}};

/// What one container does: a verdict whose shield runs, and half of a push.
struct work {
  varlink_client caller;
  http_client pusher;
};

work begin(supervision& s, const container& x, const block& y) {
  varlink_client watcher{s.world.clearance(x)};
  watcher.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  watcher.socket().await_taken();
  raw_socket{s.world.reader(x)}.send(y.line());
  CHECK(watcher.next_event() == y.event());
  work result{varlink_client{s.world.clearance(x)},
              http_client{raw_socket{s.world.gate(x)}}};
  result.caller.send_verdict(y.container, y.request_id, y.dest, "allow");
  result.pusher.send(
      http_request("POST", "/r.git/git-receive-pack",
                   {authorization(gate_world::token),
                    "Content-Type: application/x-git-receive-pack-request",
                    "Content-Length: 100000"})
      + "00"); // git waits for the rest
  return result;
}

block numbered(const container& of, int n) {
  auto x = block_of(of, n);
  x.dest = "d" + std::to_string(n);
  return x;
}

/// The number of audit trails that the process has open and has written to.
/// The trail's thread opens the file of a container with its first record, a
/// little after the container is served, and closes the file a little after the
/// container's end.
std::size_t written_audit_trails(pid_t pid) {
  const auto all = std::filesystem::path{"/proc"} / std::to_string(pid) / "fd";
  std::size_t result = 0;
  for (const auto& x : std::filesystem::directory_iterator{all}) {
    std::error_code gone;
    const auto what = std::filesystem::read_symlink(x.path(), gone);
    if (what.extension() != ".jsonl")
      continue;
    const auto size = std::filesystem::file_size(what, gone);
    if (!gone && size > 0)
      ++result;
  }
  return result;
}

void await_written_audit_trails(supervision& s, std::size_t count) {
  const deadline guard;
  while (written_audit_trails(s.process().pid()) != count)
    guard.pace(std::to_string(count) + " audit trails", {s.process().pidfd()});
}

/// Waits until the audit trails of the containers that are served need no
/// descriptors but those that they have: each trail was read, and its first
/// record is in its file.
void await_steady_audit_trails(supervision& s,
                               std::initializer_list<varlink_client*> hubs) {
  for (auto* x : hubs)
    await_trail_read(*x);
  await_written_audit_trails(s, hubs.size());
}

/// The number of descriptors of a supervisor that has served one container,
/// with or without an audit trail, and then ended its services.
std::size_t descriptors_without_containers(supervision& s,
                                           bool has_trail = true) {
  s.world.add(one);
  s.await_served(one);
  await_written_audit_trails(s, has_trail ? 1 : 0);
  std::filesystem::remove(s.world.sidecar_path(one));
  const deadline guard;
  while (s.process().err().find("counters sidecars=0 containers=0")
         == std::string::npos) {
    s.process().kill(SIGUSR1);
    guard.pace("the container's end", {s.process().pidfd()});
  }
  await_written_audit_trails(s, 0);
  return descriptor_count(s.process().pid());
}

/// Opens connections until the supervisor of `one` has no free descriptor.
std::vector<raw_socket> take_descriptors(supervision& s) {
  std::vector<raw_socket> result;
  for (unsigned i = 0; i < *s.descriptors; ++i)
    result.emplace_back(s.world.clearance(one));
  await_descriptor_count(s.process().pid(), *s.descriptors);
  return result;
}

} // namespace

TEST_CASE("after a kill during verdicts and pushes the next supervisor serves "
          "again") {
  supervision s;
  s.world.add(one);
  s.world.add(two);
  std::set<std::string> dests;
  int number = 0;
  for (int round = 0; round < 3; ++round) {
    s.shield.behave("ignore-term hang");
    s.start();
    s.await_served(one);
    s.await_served(two);
    const auto first = begin(s, one, numbered(one, ++number));
    const auto second = begin(s, two, numbered(two, ++number));
    for (int i = 0; i < 2; ++i)
      CHECK(dests.insert(s.shield.next_run().arguments.at(2)).second);
    // Two shields, and git for each push.
    const auto children = await_descendants(s.process().pid(), 4);
    s.process().kill(SIGKILL);
    s.process().wait();
    await_gone(children);
    s.shield.await_all_gone();
    s.world.git.in_mirror({"fsck", "--full", "--strict"});

    s.shield.behave("exit 0");
    const recovery time{"supervisor killed"};
    s.start(); // replaces the sockets of the killed one
    s.await_served(one);
    time.served();
    const auto x = numbered(one, ++number);
    auto third = begin(s, one, x);
    CHECK(third.caller.next_reply() == success(R"({"ok":true})"));
    CHECK(s.shield.next_run().arguments.at(2) == x.dest);
    s.push(one);
    third.pusher = http_client{raw_socket{unique_fd{}}};
    CHECK(s.stop() == exited(0));
    CHECK(s.shield.waiting_runs() == 0);
  }
}

TEST_CASE("a sidecar that arrives when no descriptor is free is served later") {
  supervision s;
  s.descriptors = 64;
  s.start();
  const auto descriptors = descriptors_without_containers(s);
  s.world.add(one);
  s.await_served(one);
  varlink_client client{s.world.clearance(one)};
  CHECK(client.call("org.varlink.service.GetInfo").error == "");
  await_steady_audit_trails(s, {&client});
  {
    const auto crowd = take_descriptors(s);
    s.world.add(two);
    s.process().await_err("cannot read a sidecar, trying again file=two.json");
    CHECK(client.call("org.varlink.service.GetInfo").error == "");
  }
  const recovery time{"supervisor after a crowd"};
  s.await_served(two);
  time.served();
  s.world.add(three);
  s.await_served(three);
  for (const auto& x : {one, two, three})
    s.push(x);
  CHECK(client.call("org.varlink.service.GetInfo").error == "");
  for (const auto& x : {one, two, three})
    std::filesystem::remove(s.world.sidecar_path(x));
  CHECK(client.socket().read_to_end() == "");
  await_descriptor_count(s.process().pid(), descriptors);
  CHECK(s.process().err().find("bad sidecar") == std::string::npos);
  CHECK(s.stop() == exited(0));
}

TEST_CASE(
    "the log names containers that get no sockets, and the others go on") {
  if (clearance::has_address_sanitizer) {
    skipped("the sanitizer needs a pipe to check an exception's type");
    return;
  }
  supervision s;
  s.descriptors = 40;
  // The trails of so many containers would take descriptors a little later.
  s.start({"--audit", "none"});
  const auto descriptors = descriptors_without_containers(s, false);
  s.world.add(one);
  s.await_served(one);
  varlink_client client{s.world.clearance(one)};
  // More containers than the supervisor has descriptors for.
  std::vector<container> many;
  for (int i = 10; i < 40; ++i) {
    const auto digits = std::to_string(i);
    many.push_back({"many" + digits, digits + "0000000000", {}});
    s.world.add(many.back());
  }
  s.process().await_err("a service ended and is started again");
  s.process().await_err("Too many open files");
  CHECK(client.call("org.varlink.service.GetInfo").error == "");
  for (const auto& x : many)
    std::filesystem::remove(s.world.sidecar_path(x));
  const recovery time{"supervisor after too many containers"};
  s.world.add(two);
  s.await_served(two);
  time.served();
  s.push(two);
  CHECK(client.call("org.varlink.service.GetInfo").error == "");
  for (const auto& x : {one, two})
    std::filesystem::remove(s.world.sidecar_path(x));
  CHECK(client.socket().read_to_end() == "");
  await_descriptor_count(s.process().pid(), descriptors);
  CHECK(s.stop() == exited(0));
}

// After lost changes the supervisor lists the whole directory. Once a directory
// that could not be listed counted as empty, and every container ended.
TEST_CASE("containers go on when changes are lost and the directory cannot be "
          "listed") {
  supervision s;
  s.descriptors = 64;
  s.start();
  s.world.add(one);
  s.world.add(two);
  s.await_served(one);
  s.await_served(two);
  varlink_client client{s.world.clearance(two)};
  CHECK(client.call("org.varlink.service.GetInfo").error == "");
  varlink_client other{s.world.clearance(one)};
  await_steady_audit_trails(s, {&client, &other});
  std::size_t queue = 0;
  std::ifstream{"/proc/sys/fs/inotify/max_queued_events"} >> queue;
  REQUIRE(queue > 0);
  {
    const auto crowd = take_descriptors(s);
    s.process().suspend();
    for (std::size_t i = 0; i <= queue; ++i) // the kernel merges equal events
      std::filesystem::permissions(s.world.sidecar_path(i % 2 == 0 ? one : two),
                                   std::filesystem::perms::owner_read);
    s.world.add(three);
    s.process().kill(SIGCONT);
    s.process().await_err("cannot list the sidecar directory why=");
    CHECK(client.call("org.varlink.service.GetInfo").error == "");
  }
  s.await_served(three);
  CHECK(client.call("org.varlink.service.GetInfo").error == "");
}

} // namespace chaos_supervise_tests
