// How an application sees a hub without a socket. See
// services/embedding/clearance.hpp.

#include "actors/base/error.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/gate/limits.hpp"
#include "services/embedding/embedded_hub.hpp"
#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace embedding_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
namespace face = clearance::embedding;
namespace inside = clearance::actors::embedding;

namespace {

const auto clearance_socket = "/run/hub.sock"s;
const auto reader_socket = "/run/ingester.sock"s;

/// The events that a subscriber got. While it is slow its answers wait.
struct hearing {
  std::vector<std::string> request_ids;
  std::vector<std::size_t> batches;
  bool slow = false;
  caf::typed_response_promise<face::more_atom> answer;
};

/// A subscriber that goes on when it gets a message.
using slow_listener = face::subscriber::extend<caf::reacts_to<face::more_atom>>;

slow_listener::behavior_type listen(slow_listener::pointer self,
                                    std::shared_ptr<hearing> to) {
  return {[self, to](const face::events& x) {
            to->batches.push_back(x.list.size());
            for (const auto& each : x.list)
              to->request_ids.push_back(each.request_id);
            auto answer = self->make_response_promise<face::more_atom>();
            if (to->slow)
              to->answer = answer;
            else
              answer.deliver(face::more_atom::value);
            return answer;
          },
          [to](face::more_atom) {
            to->slow = false;
            to->answer.deliver(face::more_atom::value);
          }};
}

face::executor::behavior_type execute(face::executor::pointer,
                                      std::shared_ptr<std::string> calls) {
  return {[calls](const face::shield_call& x) {
    *calls += (x.allow ? "allow " : "deny ") + x.container + " " + x.dest + ";";
    return face::shield_result{x.allow, x.allow ? "" : "it said no"};
  }};
}

/// Executes the verdict when it gets a message.
using slow_executor = face::executor::extend<caf::reacts_to<face::more_atom>>;
using shield_promise = caf::typed_response_promise<face::shield_result>;

slow_executor::behavior_type ponder(slow_executor::pointer self,
                                    std::shared_ptr<shield_promise> answer) {
  return {[self, answer](const face::shield_call&) {
            *answer = self->make_response_promise<face::shield_result>();
            return *answer;
          },
          [answer](face::more_atom) {
            answer->deliver(face::shield_result{true, ""});
          }};
}

/// Sends one verdict and notes everything that comes back.
caf::behavior ask(caf::event_based_actor* self, face::hub whom,
                  std::shared_ptr<std::vector<std::string>> heard) {
  self->request(whom, std::chrono::minutes{60},
                face::verdict{"c1", "c1:1", "203.0.113.7", "allow"})
      .then(
          [heard](const face::verdict_result& x) {
            heard->push_back(x.ok ? "applied" : x.error);
          },
          [heard](const caf::error& x) {
            heard->push_back(x == caf::sec::request_receiver_down
                                 ? "the hub ended"
                                 : caf::to_string(x));
          });
  return {};
}

struct fixture : actor_fixture {
  std::shared_ptr<std::string> calls = std::make_shared<std::string>();
  std::shared_ptr<hearing> heard = std::make_shared<hearing>();
  face::executor executor = system.spawn(execute, calls);
  slow_listener listener = system.spawn(listen, heard);
  inbox caller{*this};
  inside::embedded_hub_actor hub;
  std::optional<caf::error> ended;

  void start() {
    inside::embedded_hub_config config;
    config.inner.io = &io;
    config.inner.clearance_socket = clearance_socket;
    config.inner.reader_socket = reader_socket;
    config.executor = executor;
    config.who = {7, 8, "host", true};
    hub = inside::spawn_embedded_hub(io, std::move(config));
    caf::actor_cast<caf::abstract_actor*>(hub)->attach_functor(
        [this](const caf::error& why) { ended = why; });
    run();
  }

  ~fixture() {
    end_hosted();
    for (auto x : {caf::actor_cast<caf::actor>(executor),
                   caf::actor_cast<caf::actor>(listener)})
      caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
    heard->answer = {};
    executor = nullptr;
    listener = nullptr;
    hub = nullptr;
  }

  void follow() {
    caf::send_as(caller.actor(), caf::actor_cast<caf::actor>(hub),
                 face::subscribe_atom::value, face::subscriber{listener});
    run();
  }

  void emit(std::size_t first, std::size_t last) {
    auto reader = io.connect(reader_socket);
    run();
    reader->bring(lines(first, last), actors::stream_end::eof);
    run();
  }

  face::verdict_result answer(face::verdict x) {
    caller.tell(hub, std::move(x));
    run();
    return caller.only<face::verdict_result>();
  }

  std::size_t alive(const std::string& name) const {
    return io.alive(name).size();
  }
};

/// A hub with one verdict in flight, which waits for the executor.
struct pondering_stage : fixture {
  std::shared_ptr<shield_promise> answer = std::make_shared<shield_promise>();
  std::shared_ptr<std::vector<std::string>> told =
      std::make_shared<std::vector<std::string>>();
  slow_executor slow = system.spawn(ponder, answer);

  pondering_stage() {
    caf::anon_send_exit(executor, caf::exit_reason::user_shutdown);
    executor = slow;
    start();
    emit(1, 1);
    system.spawn(ask, face::hub{hub}, told);
    run();
    REQUIRE(answer->pending());
    REQUIRE(told->empty());
  }

  ~pondering_stage() { *answer = {}; }

  void apply() { caf::anon_send(slow, face::more_atom::value); }
};

} // namespace

TEST_CASE("an application follows events and answers them, without a socket") {
  fixture s;
  s.start();
  s.follow();
  CHECK(s.caller.take<face::subscribe_atom>().size() == 1);
  s.emit(1, 3);
  CHECK(s.heard->request_ids == ids(1, 3));
  CHECK(s.answer({"c1", "c1:2", "203.0.113.7", "allow"}).ok);
  CHECK(*s.calls == "allow c1 203.0.113.7;");
  const auto failed = s.answer({"c1", "c1:3", "203.0.113.7", "deny"});
  CHECK_FALSE(failed.ok);
  CHECK(failed.error == "org.terok.Clearance1.ShieldCliFailed");
  REQUIRE(failed.fields.size() == 2);
  CHECK(failed.fields[1].second == "it said no");
  // No session is left after the call.
  CHECK(s.alive("session") == 0);
  // The audit trail names the application.
  const auto line = s.log.only("verdict applied");
  CHECK(line["command"] == "host");
  CHECK(line["via"] == "application");
}

TEST_CASE("an application's verdict is checked like a client's") {
  fixture s;
  s.start();
  s.emit(1, 1);
  const auto unknown = s.answer({"c1", "c1:9", "203.0.113.7", "allow"});
  CHECK(unknown.error == "org.terok.Clearance1.UnknownRequest");
  REQUIRE(unknown.fields.size() == 1);
  CHECK(unknown.fields[0] == std::pair{"request_id"s, "c1:9"s});
  CHECK(s.answer({"c1", "c1:1", "203.0.113.7", "maybe"}).error
        == "org.terok.Clearance1.InvalidAction");
  CHECK(s.answer({"c2", "c1:1", "203.0.113.7", "allow"}).error
        == "org.terok.Clearance1.VerdictTupleMismatch");
  CHECK(s.calls->empty());
}

TEST_CASE("undelivered events come first") {
  fixture s;
  s.start();
  s.emit(1, 2);
  s.follow();
  s.emit(3, 3);
  CHECK(s.heard->request_ids == ids(1, 3));
}

// An application's mailbox has no limit, so events for a slow subscriber must
// not pile up there.
TEST_CASE(
    "a slow listener is sent one batch and keeps the newest of the rest") {
  fixture s;
  s.start();
  s.follow();
  s.heard->slow = true;
  s.emit(1, 1);
  CHECK(s.heard->batches == std::vector<std::size_t>{1});
  constexpr auto batch = protocol::limits::subscriber_batch_max_events;
  for (std::size_t i = 0; i < 10; ++i) {
    s.emit(2 + batch * i, 1 + batch * (i + 1));
    s.advance(std::chrono::seconds{1});
  }
  CHECK(s.heard->batches.size() == 1);
  caf::anon_send(s.listener, face::more_atom::value);
  s.run();
  const auto& all = s.heard->request_ids;
  // At most what the connection, the subscriber's batch and its queue hold.
  CHECK(all.size() <= 1 + batch + batch + 128);
  REQUIRE(all.size() > 128);
  const std::vector newest(all.end() - 128, all.end());
  CHECK(newest == ids(10 * batch + 1 - 127, 10 * batch + 1));
  for (auto size : s.heard->batches)
    CHECK(size <= batch);
}

TEST_CASE("when a subscriber ends, its subscription ends and nothing else") {
  fixture s;
  s.start();
  s.follow();
  CHECK(s.alive("subscriber") == 1);
  s.crash(s.listener, caf::exit_reason::kill);
  CHECK(s.alive("subscription") == 0);
  CHECK(s.alive("subscriber") == 0);
  CHECK(s.alive("hub") == 1);
  CHECK_FALSE(s.ended);
}

TEST_CASE(
    "the inner hub and the actor that the application sees end together") {
  fixture s;
  s.start();
  s.follow();
  SUBCASE("because of an exit message") {
    s.crash(s.hub, caf::exit_reason::user_shutdown);
    CHECK(s.ended == caf::error{caf::exit_reason::user_shutdown});
  }
  SUBCASE("because a part of it crashes") {
    s.crash(s.io.alive("registry").front(), caf::exit_reason::kill);
    CHECK(s.ended == caf::error{caf::exit_reason::kill});
  }
  for (auto name : {"embedded_hub", "hub", "registry", "subscription"})
    CHECK(s.alive(name) == 0);
  CHECK(s.io.listener_at(clearance_socket) == nullptr);
}

// Else the application would wait for its own timeout.
TEST_CASE("a verdict in flight is answered when its hub ends") {
  pondering_stage s;
  SUBCASE("because of an exit message") {
    s.crash(s.hub, caf::exit_reason::user_shutdown);
  }
  SUBCASE("because it is killed") {
    s.crash(s.hub, caf::exit_reason::kill);
  }
  SUBCASE("because the inner hub ends") {
    s.crash(s.io.alive("hub").front(), caf::exit_reason::user_shutdown);
  }
  SUBCASE("because its registry crashes") {
    s.crash(s.io.alive("registry").front(), caf::exit_reason::kill);
  }
  SUBCASE("because its session crashes, and the hub goes on") {
    s.crash(s.io.alive("session").front(), caf::exit_reason::kill);
  }
  CHECK(*s.told == std::vector{"the hub ended"s});
  // The executor's answer comes too late.
  s.apply();
  s.run();
  CHECK(s.told->size() == 1);
}

// The later the hub ends, the further the answer has come. It is either lost or
// delivered, and never both.
TEST_CASE("a verdict is answered exactly once, whenever its hub ends") {
  std::vector<std::string> answers;
  for (bool over = false; !over;) {
    pondering_stage s;
    s.apply();
    for (std::size_t i = 0; i < answers.size(); ++i)
      over = !s.scheduler.try_run_once();
    s.crash(s.hub, caf::exit_reason::user_shutdown);
    REQUIRE(s.told->size() == 1);
    answers.push_back(s.told->front());
  }
  CHECK(answers.front() == "the hub ended");
  CHECK(answers.back() == "applied");
  CHECK(std::is_sorted(answers.rbegin(), answers.rend()));
}

TEST_CASE("a subscriber that comes while the hub ends gets an error") {
  fixture s;
  s.start();
  bool refused = false;
  // With an argument: CAF 0.17.6 reads a null pointer where there is none.
  s.system.spawn(
      [](caf::event_based_actor* self, fixture* on,
         bool* told) -> caf::behavior {
        self->request(face::hub{on->hub}, std::chrono::minutes{60},
                      face::subscribe_atom::value,
                      face::subscriber{on->listener})
            .then(
                [](face::subscribe_atom) { FAIL_CHECK("it follows nothing"); },
                [told](const caf::error& x) {
                  CHECK(x == caf::sec::request_receiver_down);
                  *told = true;
                });
        return {};
      },
      &s, &refused);
  CHECK(s.scheduler.try_run_once()); // it asks
  s.crash(s.hub, caf::exit_reason::user_shutdown);
  CHECK(refused);
}

TEST_CASE("the default limits are those of hub and gate") {
  namespace limits = protocol::limits;
  const face::hub_config hub;
  CHECK(hub.open_requests_max == limits::open_requests_total_max);
  CHECK(hub.readers_max == limits::connections_max);
  CHECK(hub.clients_max == limits::connections_max);
  CHECK(hub.subscribers_max == limits::subscribers_max);
  CHECK(face::gate_config{}.git_max == protocol::gate_limits::backends_max);
}

TEST_CASE("a hub whose socket is taken ends, and what() explains why") {
  fixture s;
  s.io.refuse_to_bind(reader_socket, "the reader socket is taken");
  s.start();
  REQUIRE(s.ended);
  CHECK(actors::what(*s.ended) == "the reader socket is taken");
}

} // namespace embedding_tests
