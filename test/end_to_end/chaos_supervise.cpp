// SIGKILL for a supervisor in the middle of verdicts and of pushes of several
// containers.

#include "test/end_to_end/chaos.hpp"
#include "test/end_to_end/supervision.hpp"
#include "test/support/http_client.hpp"

#include <doctest/doctest.h>

#include <set>
#include <signal.h>

namespace chaos_supervise_tests {

namespace {

using namespace clearance::test;

const container one{"one", "111111111111aaaa", {}};
const container two{"two", "222222222222bbbb", {}};

/// A container at work: a verdict whose shield runs, and half of a push.
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
      + "0000");
  return result;
}

block numbered(int n) {
  block x;
  x.request_id = "c1:" + std::to_string(n);
  x.dest = "d" + std::to_string(n);
  return x;
}

} // namespace

TEST_CASE("a supervisor that is killed at work, again and again") {
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
    const auto first = begin(s, one, numbered(++number));
    const auto second = begin(s, two, numbered(++number));
    for (int i = 0; i < 2; ++i)
      CHECK(dests.insert(s.shield.next_run().arguments.at(2)).second);
    // Two shields, and two of git's for each push.
    const auto children = await_descendants(s.process().pid(), 6);
    s.process().kill(SIGKILL);
    s.process().wait();
    await_gone(children);
    s.shield.await_all_gone();
    s.world.git.in_mirror({"fsck", "--full", "--strict"});

    s.shield.behave("exit 0");
    const recovery time{"supervisor killed"};
    s.start(); // over the sockets that the other left
    s.await_served(one);
    time.served();
    const auto x = numbered(++number);
    auto third = begin(s, one, x);
    CHECK(third.caller.next_reply() == success(R"({"ok":true})"));
    CHECK(s.shield.next_run().arguments.at(2) == x.dest);
    s.push(one);
    third.pusher = http_client{raw_socket{unique_fd{}}};
    CHECK(s.stop() == exited(0));
    CHECK(s.shield.waiting_runs() == 0);
  }
}

} // namespace chaos_supervise_tests
