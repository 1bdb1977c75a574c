// How an application sees a hub's prompts. See
// services/embedding/clearance.hpp.

#include "actors/base/error.hpp"
#include "actors/operator/prompts.hpp"
#include "services/embedding/embedded_hub.hpp"
#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace embedded_prompts_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
namespace face = clearance::embedding;
namespace inside = clearance::actors::embedding;

namespace {

/// What a watcher knows after what it was sent.
struct picture {
  std::map<std::string, face::prompt> prompts;
  std::size_t messages = 0;
  bool slow = false;
  caf::typed_response_promise<face::more_atom> answer;
};

/// A watcher that goes on when it gets a message.
using slow_watcher =
    face::prompt_watcher::extend<caf::reacts_to<face::more_atom>>;

slow_watcher::behavior_type look(slow_watcher::pointer self,
                                 std::shared_ptr<picture> to) {
  return {[self, to](const face::prompts& x) {
            ++to->messages;
            if (x.fresh)
              to->prompts.clear();
            for (const auto& each : x.list)
              to->prompts[each.id] = each;
            for (const auto& id : x.removed)
              to->prompts.erase(id);
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

face::executor::behavior_type obey(face::executor::pointer,
                                   std::shared_ptr<std::string> calls) {
  return {[calls](const face::shield_call& x) {
    *calls += (x.allow ? "allow " : "deny ") + x.dest + ";";
    return face::shield_result{x.allow, x.allow ? "" : "it said no"};
  }};
}

struct prompts_fixture : actor_fixture {
  std::shared_ptr<std::string> calls = std::make_shared<std::string>();
  std::shared_ptr<picture> seen = std::make_shared<picture>();
  face::executor executor = system.spawn(obey, calls);
  slow_watcher watcher = system.spawn(look, seen);
  inbox caller{*this};
  inside::embedded_hub_actor hub;

  explicit prompts_fixture(bool keeps_prompts = true) {
    inside::embedded_hub_config config;
    config.inner.io = &io;
    config.inner.clearance_socket = "/run/hub.sock";
    config.inner.reader_socket = "/run/ingester.sock";
    actors::prompts_config mine;
    mine.boot = "boot";
    if (keeps_prompts)
      config.inner.spawn_operators = actors::operators_with(std::move(mine));
    config.executor = executor;
    config.who = {7, 8, "host", true};
    hub = inside::spawn_embedded_hub(io, std::move(config));
    run();
  }

  ~prompts_fixture() {
    end_hosted();
    for (auto x : {caf::actor_cast<caf::actor>(executor),
                   caf::actor_cast<caf::actor>(watcher)})
      caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
    seen->answer = {};
    executor = nullptr;
    watcher = nullptr;
    hub = nullptr;
  }

  void watch() {
    caf::send_as(caller.actor(), caf::actor_cast<caf::actor>(hub),
                 face::watch_atom::value, face::prompt_watcher{watcher});
    run();
  }

  void emit(std::size_t first, std::size_t last) {
    auto reader = io.connect("/run/ingester.sock");
    run();
    reader->bring(lines(first, last), actors::stream_end::eof);
    run();
  }

  template <class Answer, class Question>
  Answer ask(Question x) {
    caller.tell(hub, std::move(x));
    run();
    return caller.only<Answer>();
  }

  face::verdict_result decide(face::decision x) {
    return ask<face::verdict_result>(std::move(x));
  }
};

} // namespace

TEST_CASE("an application watches prompts and decides them") {
  prompts_fixture s;
  s.emit(1, 3);
  s.watch();
  CHECK(s.caller.take<face::watch_atom>().size() == 1);
  REQUIRE(s.seen->prompts.size() == 1);
  const auto x = s.seen->prompts.at("boot-1");
  CHECK(x.container == "c1");
  CHECK(x.target == "203.0.113.7");
  CHECK(x.flags == std::vector{"no_name"s});
  CHECK(x.count == 3);
  CHECK(x.state == "waiting");
  CHECK(x.action.empty());
  CHECK_FALSE(x.opens.empty());
  const auto failed = s.decide({x.id, x.revision, "deny", "", 0});
  CHECK(failed.error == "org.terok.ClearanceOperator1.DecisionFailed");
  // An application's executor has no words for more.
  CHECK(s.decide({x.id, x.revision, "allow", "", 60}).error
        == "org.terok.ClearanceOperator1.ScopeNotSupported");
  CHECK(s.decide({x.id, x.revision, "allow", "it may", 0}).ok);
  CHECK(*s.calls == "deny 203.0.113.7;allow 203.0.113.7;");
  s.advance(std::chrono::seconds{1});
  const auto& after = s.seen->prompts.at("boot-1");
  CHECK(after.state == "decided");
  CHECK(after.action == "allow");
  CHECK(after.decider == "application");
  CHECK(after.result == "applied");
  CHECK(s.decide({x.id, x.revision, "allow", "", 0}).error
        == "org.terok.ClearanceOperator1.AlreadyDecided");
  CHECK(s.decide({"boot-2", 1, "allow", "", 0}).error
        == "org.terok.ClearanceOperator1.NoSuchPrompt");
}

TEST_CASE("an application asks for prompts, decisions and explanations") {
  prompts_fixture s;
  s.emit(1, 2);
  const auto list = s.ask<face::prompts>(face::list_prompts{});
  CHECK(list.fresh);
  REQUIRE(list.list.size() == 1);
  CHECK(list.list[0].id == "boot-1");
  CHECK(s.ask<face::prompts>(face::list_prompts{"c1"}).list.size() == 1);
  CHECK(s.ask<face::prompts>(face::list_prompts{"c2"}).list.empty());
  CHECK(s.ask<face::verdict_result>(face::quiet{"c1", true}).ok);
  CHECK(s.ask<face::prompts>(face::list_prompts{}).list.at(0).quiet);
  CHECK(s.ask<face::decisions>(face::history{}).list.empty());
  CHECK(s.decide({"boot-1", list.list[0].revision, "allow", "it may", 0}).ok);
  const auto all = s.ask<face::decisions>(face::history{});
  REQUIRE(all.list.size() == 1);
  const auto& made = all.list[0];
  CHECK(made.prompt == "boot-1");
  CHECK(made.container == "c1");
  CHECK(made.target == "203.0.113.7");
  CHECK(made.action == "allow");
  CHECK(made.decider == "application");
  CHECK(made.reason == "it may");
  CHECK(made.result == "applied");
  CHECK(s.ask<face::decisions>(face::history{made.seq, 0, ""}).list.empty());
  CHECK(s.ask<face::decisions>(face::history{0, 1, "c2"}).list.empty());
  auto why =
      s.ask<face::explanation>(face::question{"boot-1", {}, {}, {}, {}, {}});
  CHECK(why.decision == "ask");
  CHECK(why.rules.empty());
  CHECK_FALSE(why.opens.empty());
  why = s.ask<face::explanation>(face::question{
      "", "c1", "x.example.com", {{"project", "a"}}, {"192.0.2.1"}, {443}});
  CHECK(why.decision == "ask");
  CHECK(why.opens.find("this name") != std::string::npos);
  s.caller.tell(s.hub, face::question{"boot-9", {}, {}, {}, {}, {}});
  s.run();
  const auto errors = s.caller.take<caf::error>();
  REQUIRE(errors.size() == 1);
  CHECK(actors::what(errors[0])
        == "the hub answered org.terok.ClearanceOperator1.NoSuchPrompt");
}

TEST_CASE("a slow watcher is sent the newest state of a prompt, once") {
  prompts_fixture s;
  s.watch();
  s.seen->slow = true;
  s.emit(1, 1);
  const auto before = s.seen->messages;
  for (std::size_t i = 2; i <= 40; ++i) {
    s.emit(i, i);
    s.advance(std::chrono::seconds{1});
  }
  CHECK(s.seen->messages == before);
  caf::anon_send(s.watcher, face::more_atom::value);
  s.run();
  s.advance(std::chrono::seconds{1});
  CHECK(s.seen->prompts.at("boot-1").count == 40);
  CHECK(s.seen->messages <= before + 3);
}

TEST_CASE("a hub without prompts says so to the application") {
  prompts_fixture s{false};
  s.watch();
  auto errors = s.caller.take<caf::error>();
  REQUIRE(errors.size() == 1);
  CHECK(errors[0] == caf::sec::request_receiver_down);
  CHECK(s.decide({"boot-1", 1, "allow", "", 0}).error
        == "org.varlink.service.InterfaceNotFound");
  s.caller.tell(s.hub, face::list_prompts{});
  s.run();
  errors = s.caller.take<caf::error>();
  REQUIRE(errors.size() == 1);
  CHECK(actors::what(errors[0])
        == "the hub answered org.varlink.service.InterfaceNotFound");
}

} // namespace embedded_prompts_tests
