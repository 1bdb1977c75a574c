// SIGKILL ends the hub, the helper or shields in the middle of many verdicts.
// No client asks twice about a block here. So if the shield runs twice for a
// block, a verdict was executed twice.

#include "test/end_to_end/chaos/chaos.hpp"
#include "test/end_to_end/world/deployment.hpp"
#include "test/support/deadline.hpp"
#include "test/support/net/raw_socket.hpp"
#include "test/support/process/process_facts.hpp"

#include <doctest/doctest.h>

#include <map>
#include <poll.h>
#include <set>
#include <signal.h>

namespace chaos_kills_tests {

namespace {

using namespace clearance::test;

const auto applied = success(R"({"ok":true})");

class chaos {
public:
  explicit chaos(std::string_view test) : random(test) {
    start_helper();
    start_hub();
  }

  void start_helper() {
    // A child of the killed process that has not executed the shield yet may
    // still hold the old socket. Without this wait the test would take that
    // socket for the new helper's.
    const deadline guard;
    while (accepts(where.verdict()))
      guard.pace("the end of the killed helper's socket");
    helper.emplace(
        start(serve_verdict(where, shield.program()), {where.verdict()}));
  }

  void start_hub() {
    server.emplace(where);
    callers.clear();
    for (int i = 0; i < 12; ++i)
      callers.push_back(server->client());
    emitters.clear();
    for (int i = 0; i < 4; ++i)
      emitters.push_back(server->reader());
  }

  block fresh_block() {
    block x;
    const auto n = std::to_string(++blocks_);
    x.container = "c" + std::to_string(random.below(3));
    x.request_id = x.container + ":" + n;
    x.dest = "d" + n + ".example";
    return x;
  }

  /// Announces one block for each caller, over several readers. Other readers
  /// send malformed lines, or leave in the middle of a line.
  std::vector<block> announce() {
    auto watcher = server->subscriber();
    std::map<std::string, block> open;
    std::vector<block> result;
    for (std::size_t i = 0; i < callers.size(); ++i) {
      result.push_back(fresh_block());
      open.emplace(result.back().request_id, result.back());
      auto& emitter = emitters[random.below(emitters.size())];
      if (random.below(3) == 0)
        emitter.send("no line of a reader\n");
      emitter.send(result.back().line());
      if (random.below(3) == 0)
        server->reader().send(block{}.line().substr(0, 20));
      if (random.below(3) == 0)
        server->client().socket().send(R"({"method":)");
    }
    while (!open.empty())
      open.erase(watcher.next_event().request_id);
    return result;
  }

  void call(std::size_t caller, const block& x) {
    callers[caller].send_verdict(x.container, x.request_id, x.dest, "allow");
  }

  /// Waits for the reply to every call, or for the end of its connection.
  std::size_t count_applied() {
    std::size_t result = 0;
    for (auto& x : callers) {
      const auto frame = x.socket().read_frame();
      if (!frame)
        continue; // the hub was killed
      if (frame->find("error") == std::string::npos)
        ++result;
      else
        CHECK(frame->find("org.terok.Clearance1.ShieldCliFailed")
              != std::string::npos);
    }
    return result;
  }

  /// Checks that one more block is announced, arrives and is answered.
  void check_serves() {
    const auto x = fresh_block();
    auto watcher = server->subscriber();
    server->emit(x.line());
    while (watcher.next_event() != x.event())
      continue; // older blocks that are open again
    CHECK(server->client().verdict(x.container, x.request_id, x.dest, "deny")
          == applied);
  }

  /// Notes the runs of the shield since the last call.
  void note_runs() {
    while (shield.waiting_runs() > 0) {
      const auto run = shield.next_run();
      CHECK_MESSAGE(dests.insert(run.arguments.at(2)).second,
                    run.arguments.at(2), " ran twice");
    }
  }

  dice random;
  runtime where;
  fake_shield shield;
  std::optional<child> helper;
  std::optional<hub> server;
  std::vector<varlink_client> callers;
  std::vector<raw_socket> emitters;
  std::set<std::string> dests; ///< all targets for which the shield ran

private:
  unsigned blocks_ = 0;
};

} // namespace

TEST_CASE("a helper that is killed during verdicts runs no verdict twice") {
  chaos x{"helper killed"};
  std::size_t oks = 0;
  const auto threads = thread_count(x.server->pid());
  flat_memory memory{"hub whose helper is killed", x.server->pid()};
  for (int round = 0; round < 20; ++round) {
    const auto blocks = x.announce();
    const auto victim = x.random.below(blocks.size());
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      x.call(i, blocks[i]);
      if (i == victim)
        x.helper->kill(SIGKILL);
    }
    x.helper->wait();
    const recovery time{"helper killed"};
    x.start_helper();
    oks += x.count_applied();
    x.check_serves();
    time.served();
    ++oks;
    x.note_runs();
    memory.round_ended();
  }
  memory.check();
  // A shield may have run although its helper was killed before it answered.
  CHECK(x.dests.size() >= oks);
  x.shield.await_all_gone();
  CHECK(thread_count(x.server->pid()) == threads);
}

TEST_CASE("a hub that is killed during verdicts runs no verdict twice") {
  chaos x{"hub killed"};
  varlink_client anchor{x.where.verdict()};
  const auto descriptors = settled_descriptors(x.helper->pid(), anchor);
  x.check_serves();
  flat_memory memory{"helper whose hub is killed", x.helper->pid()};
  for (int round = 0; round < 20; ++round) {
    const auto blocks = x.announce();
    const auto victim = x.random.below(blocks.size());
    for (std::size_t i = 0; i < victim; ++i)
      x.call(i, blocks[i]);
    x.server->process().kill(SIGKILL);
    x.server->process().wait();
    const recovery time{"hub killed"};
    x.start_hub(); // replaces the sockets of the killed hub
    // The new hub does not know what the killed hub had announced.
    const auto& old = blocks[x.random.below(blocks.size())];
    CHECK(x.callers[0]
              .verdict(old.container, old.request_id, old.dest, "allow")
              .error
          == "org.terok.Clearance1.UnknownRequest");
    x.check_serves();
    time.served();
    x.note_runs();
    memory.round_ended();
  }
  memory.check();
  x.shield.await_all_gone();
  x.note_runs();
  // The first helper still runs. It keeps no connection of a killed hub.
  CHECK(x.server->stop() == exited(0));
  await_descriptor_count(x.helper->pid(), descriptors);
}

TEST_CASE("a shield that is killed fails its own verdict and no other") {
  operation x{each_executor(), "exit 0"};
  dice random{"shields killed"};
  auto watcher = x.server.subscriber();
  const auto worker = x.helper ? x.helper->pid() : x.server.pid();
  // The hub has at most this many connections to the helper.
  constexpr std::size_t width = 8;
  std::vector<varlink_client> callers;
  for (std::size_t i = 0; i < width; ++i)
    callers.push_back(x.server.client());
  std::size_t descriptors = 0;
  flat_memory memory{"worker whose shields are killed", worker};
  unsigned number = 0;
  for (int round = 0; round < 6; ++round) {
    std::map<std::string, std::size_t> caller_of;
    for (auto& caller : callers) {
      block y;
      y.request_id = "c1:" + std::to_string(++number);
      y.dest = "d" + std::to_string(number);
      x.shield.behave_for(y.dest, "wait exit 0");
      x.server.emit(y.line());
      CHECK(watcher.next_event() == y.event());
      caller_of[y.dest] = static_cast<std::size_t>(&caller - callers.data());
      caller.send_verdict("c1", y.request_id, y.dest, "allow");
    }
    std::vector<shield_run> runs;
    for (std::size_t i = 0; i < width; ++i)
      runs.push_back(x.shield.next_run());
    for (const auto& run : runs) {
      const auto& dest = run.arguments.at(2);
      auto& caller = callers[caller_of.at(dest)];
      if (random.below(2) == 0) {
        x.shield.release_for(dest);
        CHECK(caller.next_reply() == applied);
      } else {
        ::kill(run.pid, SIGKILL);
        CHECK(caller.next_reply().error
              == "org.terok.Clearance1.ShieldCliFailed");
      }
      CHECK(watcher.next_event().type == "verdict_applied");
      CHECK_FALSE(std::filesystem::exists("/proc/" + std::to_string(run.pid)));
    }
    if (round == 0)
      descriptors = descriptor_count(worker);
    memory.round_ended();
  }
  memory.check();
  CHECK(x.shield.waiting_runs() == 0); // no shield was started again
  await_descriptor_count(worker, descriptors);
}

// The process that started a shield ends it after 10 s. If that process is
// gone, the shield could change the firewall long after its verdict has failed.
TEST_CASE("a shield ends with the process that started it") {
  operation x{each_executor(), "ignore-term hang"};
  auto watcher = x.server.subscriber();
  x.server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  auto caller = x.server.client();
  caller.send_verdict("c1", "c1:1", "203.0.113.7", "allow");
  x.shield.next_run();
  auto& worker = x.helper ? *x.helper : x.server.process();
  worker.kill(SIGKILL);
  worker.wait();
  x.shield.await_all_gone();
}

} // namespace chaos_kills_tests
