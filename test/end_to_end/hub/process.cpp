// Signals, descriptors, threads. Source: clearance.md, section 8.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/process/process_facts.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <poll.h>
#include <signal.h>
#include <thread>

namespace process_tests {

namespace {

using namespace clearance::test;

/// Less than the shield's 10 s, because a stop must not wait for the shield. It
/// does not measure how fast a stop is.
constexpr std::chrono::seconds stop_guard{8};

std::string numbered_lines(int count) {
  std::string result;
  for (int i = 0; i < count; ++i)
    result += plain_line("shield_up", "c" + std::to_string(i));
  return result;
}

} // namespace

TEST_CASE("an idle hub ends with 0 on SIGTERM and SIGINT") {
  for (int signal : {SIGTERM, SIGINT}) {
    const runtime where;
    hub server{where};
    server.process().kill(signal);
    CHECK(server.process().wait(stop_guard) == exited(0));
    CHECK_FALSE(std::filesystem::exists(where.clearance()));
    CHECK_FALSE(std::filesystem::exists(where.reader()));
  }
}

TEST_CASE(
    "an unanswered verdict and stuck clients do not delay the end of a hub") {
  operation x{executor::hub, "ignore-term leave hang"};
  auto watcher = x.server.subscriber();
  // A shield that ignores signals, its child, and a client that waits for the
  // verdict.
  x.server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  auto caller = x.server.client();
  caller.send_verdict("c1", "c1:1", "203.0.113.7", "allow");
  x.shield.next_run();
  // Subscribers that do not read, with full queues.
  auto stuck = x.server.subscriber();
  for (int i = 0; i < 50; ++i) {
    x.server.emit(numbered_lines(100));
    for (int j = 0; j < 100; ++j)
      watcher.next_event();
  }
  // A client that does not read its answers, and one that sent half a message.
  auto greedy = x.server.client();
  const auto call = call_bytes("org.varlink.service.GetInfo");
  while (greedy.socket().send_some(call) == call.size())
    ;
  auto half = x.server.client();
  half.socket().send("{");
  // A reader that floods until it is cut off.
  std::atomic<bool> flooding = false;
  std::jthread flood{[&, reader = x.server.reader()]() mutable {
    const auto lines = numbered_lines(100);
    try {
      for (;;) {
        reader.send(lines);
        flooding = true;
      }
    } catch (const std::exception&) {
      // The hub has ended.
    }
  }};
  const deadline guard;
  while (!flooding)
    guard.pace("the flood");
  int signal = SIGTERM;
  SUBCASE("SIGTERM") {
    signal = SIGTERM;
  }
  SUBCASE("SIGINT") {
    signal = SIGINT;
  }
  x.server.process().kill(signal);
  CHECK(x.server.process().wait(stop_guard) == exited(0));
  CHECK_FALSE(std::filesystem::exists(x.where.clearance()));
  CHECK_FALSE(std::filesystem::exists(x.where.reader()));
  // The shield and its child end with the hub.
  x.shield.await_all_gone();
}

TEST_CASE("a helper with a hung shield ends as well") {
  operation x{executor::helper, "ignore-term leave hang"};
  auto watcher = x.server.subscriber();
  x.server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  auto caller = x.server.client();
  caller.send_verdict("c1", "c1:1", "203.0.113.7", "allow");
  x.shield.next_run();
  x.helper->kill(SIGTERM);
  CHECK(x.helper->wait(stop_guard) == exited(0));
  x.shield.await_all_gone();
  CHECK(caller.next_reply().error == "org.terok.Clearance1.ShieldCliFailed");
  CHECK(x.server.stop(stop_guard) == exited(0));
}

TEST_CASE("a second signal ends a hub at once") {
  // Both signals are pending when the hub runs again. The hub ends, whichever
  // signal it handles first.
  const runtime where;
  hub server{where};
  server.process().suspend();
  server.process().kill(SIGTERM);
  server.process().kill(SIGINT);
  server.process().kill(SIGCONT);
  const auto end = server.process().wait(stop_guard);
  CAPTURE(end);
  CHECK((end.exit_code || end.signal));
}

TEST_CASE("a burst of drops is logged once and counted") {
  const runtime where;
  hub server{where};
  auto stuck = server.subscriber();
  auto watcher = server.subscriber();
  for (int i = 0; i < 50; ++i) {
    server.emit(numbered_lines(100));
    for (int j = 0; j < 100; ++j)
      watcher.next_event();
  }
  server.process().await_err("loses its oldest");
  const auto log = server.process().err();
  CHECK(log.find("loses its oldest") == log.rfind("loses its oldest"));
}

TEST_CASE("clients that go away while they are written to do no harm") {
  const runtime where;
  hub server{where};
  auto watcher = server.subscriber();
  for (int i = 0; i < 50; ++i) {
    server.subscriber();
    auto caller = server.client();
    for (int j = 0; j < 10; ++j)
      caller.send("org.varlink.service.GetInfo");
    server.emit(block{}.line());
  }
  for (int i = 0; i < 50; ++i)
    CHECK(watcher.next_event() == block{}.event());
  CHECK(server.stop() == exited(0));
}

TEST_CASE("a hub that ran out of descriptors serves again later") {
  const runtime where;
  hub_options options;
  options.process.descriptors = {{32, 32}};
  hub server{where, std::move(options)};
  auto watcher = server.subscriber();
  {
    std::vector<raw_socket> crowd;
    for (int i = 0; i < 40; ++i) {
      crowd.emplace_back(where.clearance());
      crowd.emplace_back(where.reader());
    }
    // All descriptors are taken; accepted connections are served.
    server.emit(block{}.line());
    CHECK(watcher.next_event() == block{}.event());
    await_descriptor_count(server.pid(), 32);
    server.emit(plain_line("shield_up", "c1"));
    CHECK(watcher.next_event().type == "shield_up");
  }
  // New clients are served after the crowd has been closed.
  CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
  server.reader().send(plain_line("shield_down", "c1"));
  CHECK(watcher.next_event().type == "shield_down");
  CHECK(server.stop() == exited(0));
}

TEST_CASE(
    "a verdict fails and may be retried if the hub has no free descriptor") {
  runtime where;
  fake_shield shield;
  hub_options options;
  options.shield = shield.program();
  options.process.descriptors = {{32, 32}};
  hub server{where, std::move(options)};
  auto watcher = server.subscriber();
  auto caller = server.client();
  CHECK(caller.call("org.varlink.service.GetInfo").error == "");
  server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  {
    std::vector<raw_socket> crowd;
    for (int i = 0; i < 80; ++i)
      crowd.emplace_back(where.clearance());
    await_descriptor_count(server.pid(), 32);
    CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "allow").error
          == "org.terok.Clearance1.ShieldCliFailed");
  }
  server.client().call("org.varlink.service.GetInfo");
  CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "allow")
        == success(R"({"ok":true})"));
}

TEST_CASE("the soft descriptor limit is raised, children get the original") {
  runtime where;
  fake_shield shield;
  auto helper_options = serve_verdict(where, shield.program());
  helper_options.descriptors = {{64, 4000}};
  auto helper = start(std::move(helper_options), {where.verdict()});
  hub_options options;
  options.process.descriptors = {{64, 4000}};
  SUBCASE("children of the hub") {
    options.shield = shield.program();
  }
  SUBCASE("children of the helper") {
    CHECK(soft_descriptor_limit(helper.pid()) == 4000);
  }
  hub server{where, std::move(options)};
  CHECK(soft_descriptor_limit(server.pid()) == 4000);
  auto watcher = server.subscriber();
  server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  CHECK(server.client().verdict("c1", "c1:1", "203.0.113.7", "allow").error
        == "");
  CHECK(shield.next_run().soft_descriptor_limit == 64);
}

TEST_CASE("connections leave no descriptor behind") {
  operation x{executor::helper};
  CHECK(x.server.client().call("org.varlink.service.GetInfo").error == "");
  const auto emitter = 1U;
  auto watcher = x.server.subscriber();
  const auto hub_before = descriptor_count(x.server.pid());
  await_descriptor_count(x.server.pid(), hub_before);
  const auto helper_before = descriptor_count(x.helper->pid());
  CHECK(hub_before > emitter);
  for (int i = 0; i < 500; ++i) {
    auto client = x.server.client();
    CHECK(client.call("org.varlink.service.GetInfo").error == "");
    x.server.reader().send(plain_line("shield_up", "c1"));
    CHECK(watcher.next_event().type == "shield_up");
    varlink_client helper{x.where.verdict()};
    CHECK(helper.call("org.varlink.service.GetInfo").error == "");
    // Some leave without sending anything, some in the middle of a line.
    x.server.reader();
    x.server.client().socket().send("{");
  }
  await_descriptor_count(x.server.pid(), hub_before);
  await_descriptor_count(x.helper->pid(), helper_before);
}

TEST_CASE("verdicts leave no descriptor and no zombie behind") {
  operation x{each_executor()};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  const auto worker = x.helper ? x.helper->pid() : x.server.pid();
  auto one = [&] {
    x.server.emit(block{}.line());
    CHECK(watcher.next_event() == block{}.event());
    CHECK(caller.verdict("c1", "c1:1", "203.0.113.7", "allow").error == "");
    CHECK(watcher.next_event().type == "verdict_applied");
  };
  one();
  const auto before = descriptor_count(worker);
  for (int i = 0; i < 50; ++i)
    one();
  await_descriptor_count(worker, before);
  for (int i = 0; i < 51; ++i) {
    const auto pid = x.shield.next_run().pid;
    CHECK_FALSE(std::filesystem::exists("/proc/" + std::to_string(pid)));
  }
}

TEST_CASE("the number of threads does not depend on the clients") {
  operation x{executor::helper};
  const auto before = thread_count(x.server.pid());
  CHECK(before <= 7); // one writes the audit trail
  CHECK(thread_count(x.helper->pid()) <= 6);
  std::vector<varlink_client> clients;
  for (int i = 0; i < 50; ++i)
    clients.push_back(x.server.subscriber());
  CHECK(thread_count(x.server.pid()) == before);
}

TEST_CASE("a hub logs to stderr and never to stdout") {
  const runtime where;
  hub server{where};
  server.emit("bad\n");
  server.process().await_err("dropped");
  CHECK(server.stop() == exited(0));
  CHECK(server.process().out() == "");
}

TEST_CASE("started without stdin, stdout and stderr it does not log into its "
          "sockets") {
  runtime where;
  fake_shield shield;
  hub_options options;
  options.shield = shield.program();
  options.process.without_standard_descriptors = true;
  hub server{where, std::move(options)};
  for (auto fd : {"0", "1", "2"})
    CHECK(std::filesystem::read_symlink("/proc/" + std::to_string(server.pid())
                                        + "/fd/" + fd)
          == "/dev/null");
  server.emit("bad\n" + block{}.line());
  CHECK(server.client().call("org.varlink.service.GetInfo").error == "");
  auto watcher = server.subscriber();
  CHECK(watcher.next_event() == block{}.event());
  CHECK(server.client().verdict("c1", "c1:1", "203.0.113.7", "deny").error
        == "");
  CHECK(shield.next_run().descriptors == 3);
  CHECK(server.stop() == exited(0));
}

} // namespace process_tests
