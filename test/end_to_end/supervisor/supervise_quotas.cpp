// How much one container may use of a process that serves many containers. Each
// test uses up one quota and shows that another container is not affected.

#include "protocol/supervisor/limits.hpp"
#include "test/end_to_end/world/supervision.hpp"
#include "test/support/net/http_client.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <poll.h>

namespace supervise_quotas_tests {

namespace {

using namespace clearance::test;
namespace limits = clearance::protocol::supervisor_limits;
namespace fs = std::filesystem;

const container one{"one", "111111111111aaaa", {}};
const container two{"two", "222222222222bbbb", {}};

struct fixture : supervision {
  fixture() {
    world.add(one);
    world.add(two);
    start();
    await_served(one);
    await_served(two);
  }

  varlink_client client(const container& x) const {
    return varlink_client{world.clearance(x)};
  }

  /// A client that is subscribed for sure: it has received a mark.
  varlink_client subscriber(const container& x) const {
    auto result = client(x);
    result.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
    result.socket().await_taken();
    raw_socket reader{world.reader(x)};
    const deadline guard;
    while (!result.take_mark()) {
      reader.send(mark_line("marks", "m"));
      guard.pace("a subscription", {result.socket().fd()});
    }
    return result;
  }

  /// How many children the supervisor has. Each of them is a git.
  std::size_t backends() {
    std::size_t result = 0;
    const auto tasks =
        fs::path("/proc") / std::to_string(process().pid()) / "task";
    for (const auto& task : fs::directory_iterator(tasks)) {
      std::ifstream children(task.path() / "children");
      for (pid_t child = 0; children >> child;)
        ++result;
    }
    return result;
  }
};

} // namespace

TEST_CASE("one subscriber too many is closed, and can subscribe when another "
          "has left") {
  fixture s;
  std::vector<varlink_client> crowd;
  for (std::size_t i = 0; i < limits::subscribers_max; ++i)
    crowd.push_back(s.subscriber(one));
  auto late = s.client(one);
  late.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  CHECK(late.socket().read_to_end() == "");
  s.process().await_err("too many subscribers");
  // Other calls are answered, and other containers have free slots.
  CHECK(s.client(one).call("org.varlink.service.GetInfo").error == "");
  s.subscriber(two);
  // The slot is free when the hub has noticed that the subscriber left.
  crowd.pop_back();
  const deadline guard;
  for (;;) {
    auto next = s.client(one);
    next.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
    next.socket().await_taken();
    raw_socket{s.world.reader(one)}.send(mark_line("marks", "again"));
    guard.await(next.socket().fd(), POLLIN, "an event or the end");
    std::string bytes;
    if (next.socket().read_some(bytes))
      break;
    guard.pace("a free place");
  }
}

TEST_CASE("one reader too many waits until another reader leaves") {
  fixture s;
  auto watcher = s.subscriber(one);
  std::vector<raw_socket> crowd;
  for (std::size_t i = 0; i < limits::readers_max; ++i) {
    crowd.emplace_back(s.world.reader(one));
    crowd.back().send(plain_line("shield_up", one.id));
    CHECK(watcher.next_event().type == "shield_up");
  }
  raw_socket late{s.world.reader(one)};
  late.send(plain_line("shield_down", one.id));
  // The hub does not read from `late`, whatever the others send meanwhile. It
  // reads from the other container's reader.
  crowd.front().send(plain_line("shield_up", one.id));
  CHECK(watcher.next_event().type == "shield_up");
  s.subscriber(two);
  CHECK(late.untaken() > 0);
  crowd.clear();
  CHECK(watcher.next_event().type == "shield_down");
}

TEST_CASE("one connection too many to a gate waits until another one ends") {
  fixture s;
  const auto request = http_request("GET", "/none", {});
  const auto client = [&](const container& x) {
    return http_client{raw_socket{s.world.gate(x)}};
  };
  std::vector<http_client> crowd;
  for (std::size_t i = 0; i < limits::gate_connections_max; ++i) {
    crowd.push_back(client(one));
    REQUIRE(crowd.back().call(request).status == 404);
  }
  auto late = client(one);
  late.send(request);
  // The gate does not read from `late`, whatever the others ask meanwhile. The
  // other container's gate answers.
  for (auto& each : crowd)
    REQUIRE(each.call(request).status == 404);
  CHECK(client(two).call(request).status == 404);
  CHECK(late.socket().untaken() > 0);
  crowd.pop_back();
  CHECK(late.next().status == 404);
}

TEST_CASE("open requests of one container are limited") {
  fixture s;
  auto watcher = s.subscriber(one);
  raw_socket reader{s.world.reader(one)};
  for (std::size_t i = 0; i <= limits::open_requests_max; ++i) {
    const auto x = block_of(one, int(i));
    reader.send(x.line());
    CHECK(watcher.next_event().request_id == x.request_id);
  }
  // The oldest request was removed.
  auto caller = s.client(one);
  const auto verdict = [&](int n) {
    const auto x = block_of(one, n);
    return caller.verdict(x.container, x.request_id, x.dest, "deny").error;
  };
  CHECK(verdict(0).ends_with("UnknownRequest"));
  CHECK(verdict(1) == "");
}

TEST_CASE("git processes of one container are limited") {
  fixture s;
  const auto request =
      http_request("POST", "/r.git/git-receive-pack",
                   {authorization(gate_world::token),
                    "Content-Type: application/x-git-receive-pack-request",
                    "Content-Length: 1000000"});
  std::vector<http_client> pushes;
  for (std::size_t i = 0; i <= limits::git_children_max; ++i) {
    pushes.emplace_back(raw_socket{s.world.gate(one)});
    pushes.back().send(request);
    if (i < limits::git_children_max) {
      const deadline guard;
      while (s.backends() < i + 1)
        guard.pace("a backend");
    }
  }
  // Requests are handled in order. So when a later request is answered, the one
  // before it was handled, and no process was started for it.
  http_client probe{raw_socket{s.world.gate(one)}};
  CHECK(probe.call(http_request("GET", "/none", {})).status == 404);
  CHECK(s.backends() == limits::git_children_max);
  // The gate of the other container has slots of its own.
  s.push(two);
  // When the running pushes end, the waiting push starts.
  const auto waiting = std::move(pushes.back());
  pushes.clear();
  const deadline guard;
  while (s.backends() != 1)
    guard.pace("the waiting request's backend");
}

} // namespace supervise_quotas_tests
