// Threads of the application, of CAF's scheduler and of the loop use one hub.
// The thread sanitizer (test/run --tsan) examines what they share; here the
// results are tested.

#include "services/embedding/clearance.hpp"
#include "test/support/deadline.hpp"
#include "test/support/files/temp_dir.hpp"
#include "test/support/net/raw_socket.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace embedding_threads_tests {

using namespace clearance;
using namespace std::string_literals;
namespace face = clearance::embedding;

namespace {

constexpr int threads_of_the_host = 4;
constexpr int blocks_a_thread = 25;

/// The results of f(0), f(1), ..., each on a thread of its own.
template <class F>
auto on_threads(F f) {
  std::vector<std::future<decltype(f(0))>> running;
  for (int i = 0; i < threads_of_the_host; ++i)
    running.push_back(std::async(std::launch::async, f, i));
  std::vector<decltype(f(0))> result;
  for (auto& x : running)
    result.push_back(x.get());
  return result;
}

face::subscriber::behavior_type tell(face::subscriber::pointer,
                                     caf::actor whom) {
  return {[whom](const face::events& x) {
    caf::anon_send(whom, x);
    return face::more_atom::value;
  }};
}

face::executor::behavior_type count(face::executor::pointer,
                                    std::shared_ptr<std::atomic<int>> calls) {
  return {[calls](const face::shield_call& x) {
    ++*calls;
    return face::shield_result{x.allow, ""};
  }};
}

/// Keeps its promise without answering: a promise that is dropped counts as
/// answered.
face::executor::behavior_type ignore(face::executor::pointer self,
                                     std::shared_ptr<std::latch> called) {
  return {[self, called](const face::shield_call&) {
    called->count_down();
    return self->make_response_promise<face::shield_result>();
  }};
}

std::string line(const std::string& container, const std::string& id) {
  return R"({"type":"pending","container":")" + container + R"(","id":")" + id
         + R"(","dest":"203.0.113.7","port":443,"proto":6})" + "\n";
}

class host {
public:
  ~host() {
    stop();
    for (const auto& x : {executor_, ignoring_})
      caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  }

  const caf::actor& loop() const { return loop_; }
  int calls() const { return *calls_; }

  /// An executor that answers no verdict.
  const face::executor& ignoring() const { return ignoring_; }

  /// Returns when a verdict of each thread has come.
  void await_ignored() { ignored_->wait(); }

  face::hub_config hub_config(const std::string& name) const {
    face::hub_config result;
    result.clearance_socket = directory_ / (name + ".sock");
    result.reader_socket = directory_ / (name + "-reader.sock");
    result.executor = executor_;
    return result;
  }

  /// A container that is blocked, whose event comes and is answered, again and
  /// again. Returns how many of its verdicts were executed.
  int live(const face::hub& hub, const std::string& container) {
    caf::scoped_actor self{system_};
    const auto ear = follow(hub, self);
    test::raw_socket reader{directory_ / "hub-reader.sock"};
    int executed = 0;
    for (int i = 0; i < blocks_a_thread; ++i) {
      auto id = container + ":" + std::to_string(i);
      reader.send(line(container, id));
      await(self, id);
      self->request(hub, test::hang_guard,
                    face::verdict{container, id, "203.0.113.7", "allow"})
          .receive([&](const face::verdict_result& x) { executed += x.ok; },
                   fail);
    }
    caf::anon_send_exit(ear, caf::exit_reason::user_shutdown);
    return executed;
  }

  /// Sends verdicts on a block that does not exist until the hub has ended.
  /// Returns the answers.
  std::vector<std::string> guess(const face::hub& hub, std::latch& running) {
    caf::scoped_actor self{system_};
    std::vector<std::string> result;
    auto ask = [&] {
      bool answered = false;
      self->request(hub, test::hang_guard,
                    face::verdict{"c", "c:1", "203.0.113.7", "allow"})
          .receive(
              [&](face::verdict_result& x) {
                result.push_back(std::move(x.error));
                answered = true;
              },
              expect_end);
      return answered;
    };
    ask();
    running.count_down();
    while (ask())
      continue;
    return result;
  }

  /// Announces a block and sends a verdict that the executor never answers.
  /// Returns when the hub has ended.
  bool wait_for_the_end(const face::hub& hub, const std::string& container) {
    caf::scoped_actor self{system_};
    const auto ear = follow(hub, self);
    test::raw_socket reader{directory_ / "hub-reader.sock"};
    const auto id = container + ":1";
    reader.send(line(container, id));
    await(self, id);
    bool ended = false;
    self->request(hub, test::hang_guard,
                  face::verdict{container, id, "203.0.113.7", "allow"})
        .receive(
            [](const face::verdict_result& x) {
              throw std::runtime_error("answered: " + x.error);
            },
            [&](const caf::error& x) {
              expect_end(x);
              ended = true;
            });
    caf::anon_send_exit(ear, caf::exit_reason::user_shutdown);
    return ended;
  }

  /// Starts and kills hubs until the loop has ended. Returns how many it
  /// started.
  int restart(const std::string& name, std::latch& running) {
    for (int started = 0;; ++started) {
      auto hub =
          face::start_hub(loop_, hub_config(name + std::to_string(started)));
      if (started == 0)
        running.count_down();
      if (!hub)
        return started;
      caf::anon_send_exit(*hub, caf::exit_reason::kill);
    }
  }

  void stop() { caf::anon_send_exit(loop_, caf::exit_reason::user_shutdown); }

  caf::error await_end() {
    caf::error result;
    self_->monitor(loop_);
    self_->receive([&](const caf::down_msg& x) { result = x.reason; });
    return result;
  }

private:
  /// A subscriber that sends its events to `self`.
  face::subscriber follow(const face::hub& hub, caf::scoped_actor& self) {
    auto result = system_.spawn(tell, caf::actor{self});
    self->request(hub, test::hang_guard, face::subscribe_atom::value, result)
        .receive([](face::subscribe_atom) { /* nop */ }, fail);
    return result;
  }

  static void expect_end(const caf::error& x) {
    if (x != caf::sec::request_receiver_down)
      fail(x);
  }

  static void fail(const caf::error& x) {
    throw std::runtime_error(face::what(x));
  }

  static void await(caf::scoped_actor& self, const std::string& id) {
    bool came = false;
    self->receive_while([&] { return !came; })(
        [&](const face::events& x) {
          for (const auto& each : x.list)
            came =
                came
                || (each.type == "connection_blocked" && each.request_id == id);
        },
        caf::after(test::hang_guard) >> [&] { throw test::hung(id); });
  }

  static caf::actor_system_config& configure(caf::actor_system_config& x) {
    face::add_types(x);
    x.set("scheduler.policy", caf::atom("sharing"));
    x.set("scheduler.max-threads", std::size_t{threads_of_the_host});
    return x;
  }

  test::temp_dir directory_;
  caf::actor_system_config config_;
  caf::actor_system system_{configure(config_)};
  caf::scoped_actor self_{system_};
  caf::actor loop_ = face::start_loop(system_);
  std::shared_ptr<std::atomic<int>> calls_ =
      std::make_shared<std::atomic<int>>(0);
  face::executor executor_ = system_.spawn(count, calls_);
  std::shared_ptr<std::latch> ignored_ =
      std::make_shared<std::latch>(threads_of_the_host);
  face::executor ignoring_ = system_.spawn(ignore, ignored_);
};

} // namespace

TEST_CASE("threads of an application follow and answer blocks at one hub") {
  host x;
  auto hub = face::start_hub(x.loop(), x.hub_config("hub")).value();
  for (auto executed :
       on_threads([&](int i) { return x.live(hub, "c" + std::to_string(i)); }))
    CHECK(executed == blocks_a_thread);
  CHECK(x.calls() == threads_of_the_host * blocks_a_thread);
  x.stop();
  CHECK(x.await_end() == caf::exit_reason::user_shutdown);
}

TEST_CASE(
    "a loop ends while threads of the application start and call hubs on it") {
  host x;
  auto hub = face::start_hub(x.loop(), x.hub_config("hub")).value();
  std::latch running{2 * threads_of_the_host};
  auto guesses = std::async(std::launch::async, [&] {
    return on_threads([&](int) { return x.guess(hub, running); });
  });
  auto restarts = std::async(std::launch::async, [&] {
    return on_threads(
        [&](int i) { return x.restart(std::to_string(i) + "-", running); });
  });
  running.wait();
  x.stop();
  for (const auto& answers : guesses.get()) {
    CHECK_FALSE(answers.empty());
    for (const auto& each : answers)
      CHECK(each == "org.terok.Clearance1.UnknownRequest");
  }
  for (auto started : restarts.get())
    CHECK(started > 0);
  CHECK(x.await_end() == caf::exit_reason::user_shutdown);
  CHECK(x.calls() == 0);
}

// Else each thread would wait for its own timeout.
TEST_CASE("verdicts in flight are answered when their hub ends") {
  host x;
  auto config = x.hub_config("hub");
  config.executor = x.ignoring();
  auto hub = face::start_hub(x.loop(), config).value();
  auto waiting = std::async(std::launch::async, [&] {
    return on_threads([&](int i) {
      return x.wait_for_the_end(hub, "c" + std::to_string(i));
    });
  });
  x.await_ignored();
  SUBCASE("because of an exit message") {
    caf::anon_send_exit(hub, caf::exit_reason::user_shutdown);
  }
  SUBCASE("because it is killed") {
    caf::anon_send_exit(hub, caf::exit_reason::kill);
  }
  SUBCASE("because its loop ends") {
    x.stop();
  }
  for (auto ended : waiting.get())
    CHECK(ended);
  x.stop();
  CHECK(x.await_end() == caf::exit_reason::user_shutdown);
}

} // namespace embedding_threads_tests
