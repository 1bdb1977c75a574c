#include "actors/hub/session.hpp"

#include "test/support/fixture/actor_fixture.hpp"
#include "test/support/wire/events.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace session_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
using actors::stream_end;
using protocol::verdict_outcome;
using role = protocol::varlink::role;
namespace limits = protocol::limits;

namespace {

/// A session with a fake client, a fake registry and a fake executor.
struct fixture : actor_fixture {
  inbox registry{*this};
  inbox executor{*this};
  inbox parent{*this};
  fake_connection_ptr client = std::make_shared<fake_connection>();
  actors::session_actor session;

  explicit fixture(role who = role::hub,
                   protocol::byte_budget_ptr held = nullptr) {
    actors::session_config config;
    config.io = &io;
    config.connection = client;
    config.parent = parent.actor().address();
    config.role = who;
    config.registry = registry.as<actors::registry_actor>();
    config.executor = executor.as<actors::executor_actor>();
    config.held = std::move(held);
    session = actors::spawn_session(io, std::move(config));
    run();
  }

  void bring(const std::vector<std::string>& messages,
             stream_end end = stream_end::none) {
    client->bring(messages, end);
    run();
  }

  /// Lets the registry answer a verdict.
  void decide(verdict_outcome x) {
    registry.tell(session, std::move(x));
    run();
  }

  void go_on(std::size_t room) {
    client->become_writable(room);
    run();
  }
  void go_on() {
    client->take_all();
    client->become_writable();
    run();
  }

  bool alive() const { return !io.alive("session").empty(); }
  bool parent_alive() const { return io.alive("inbox").size() == 3; }
};

const auto info = R"({"method":"org.varlink.service.GetInfo"})"s;
const auto verdict =
    R"({"method":"org.terok.Clearance1.Verdict","parameters":)"
    R"({"container":"c1","request_id":"c1:1","dest":"203.0.113.7",)"
    R"("action":"allow"}})"s;
const auto subscribe =
    R"({"method":"org.terok.Clearance1.Subscribe","more":true})"s;

/// A call of an unknown method, because its reply is short.
std::string missing(const std::string& name) {
  return R"({"method":"org.terok.Clearance1.)" + name + R"("})";
}
std::string not_found(const std::string& name) {
  return R"({"error":"org.varlink.service.MethodNotFound",)"
         R"("parameters":{"method":")"
         + name + "\"}}" + '\0';
}

const verdict_outcome ok{};
const auto ok_reply = R"({"parameters":{"ok":true}})"s + '\0';

std::string oneway(std::string call) {
  return call.insert(1, R"("oneway":true,)");
}

} // namespace

TEST_CASE("a client is read from, answered, and read from again") {
  fixture s;
  CHECK(s.client->owned());
  CHECK(s.client->reading());
  s.bring({info});
  auto reply = s.client->flush_taken();
  CHECK(reply.find(R"("product":"terok-clearance")") != reply.npos);
  CHECK(reply.back() == '\0');
  CHECK(std::count(reply.begin(), reply.end(), '\0') == 1);
  CHECK(s.client->reading());
  s.bring({missing("Nothing")});
  CHECK(s.client->taken() == not_found("Nothing"));
}

TEST_CASE("a verdict goes to the registry with the client's identity") {
  fixture s;
  s.bring({verdict});
  auto x = s.registry.only<actors::verdict>();
  CHECK(x.container == "c1");
  CHECK(x.request_id == "c1:1");
  CHECK(x.dest == "203.0.113.7");
  CHECK(x.action == "allow");
  CHECK(x.who.uid == 1000);
  CHECK(x.who.pid == 4242);
  CHECK(x.who.command == "client");
  CHECK(s.client->taken().empty());
  s.decide(ok);
  CHECK(s.client->taken() == ok_reply);
}

TEST_CASE("a refused verdict is answered with its error") {
  fixture s;
  s.bring({verdict});
  s.decide({verdict_outcome::kind::unknown_request, {"c1:1"}});
  CHECK(s.client->taken()
        == R"({"error":"org.terok.Clearance1.UnknownRequest",)"
           R"("parameters":{"request_id":"c1:1"}})"s
               + '\0');
}

TEST_CASE("calls of one read are answered one after another, in order") {
  fixture s;
  s.bring({missing("A"), verdict, missing("B"), verdict, missing("C")});
  // What can be answered is answered at once; the rest waits for the verdict.
  CHECK(s.client->flush_taken() == not_found("A"));
  CHECK(s.registry.take<actors::verdict>().size() == 1);
  CHECK_FALSE(s.client->reading());
  s.decide(ok);
  CHECK(s.client->flush_taken() == ok_reply + not_found("B"));
  CHECK(s.registry.take<actors::verdict>().size() == 1);
  s.decide(ok);
  CHECK(s.client->flush_taken() == ok_reply + not_found("C"));
  CHECK(s.client->reading());
}

TEST_CASE("replies are written completely, wherever the socket cuts them") {
  fixture s;
  auto expected = not_found("A") + not_found("B");
  for (std::size_t cut = 0; cut < expected.size(); ++cut) {
    s.client->take(cut);
    s.bring({missing("A"), missing("B")});
    CHECK(s.client->taken() == expected.substr(0, cut));
    CHECK_FALSE(s.client->reading());
    s.go_on();
    CHECK(s.client->flush_taken() == expected);
    CHECK(s.client->reading());
  }
}

TEST_CASE("a verdict's reply waits for the socket like any other") {
  fixture s;
  s.client->take(0);
  s.bring({missing("A"), verdict, missing("B")});
  s.decide(ok);
  CHECK(s.client->taken().empty());
  s.go_on();
  CHECK(s.client->taken() == not_found("A") + ok_reply + not_found("B"));
}

TEST_CASE("a client that reads no answers is neither served nor read") {
  fixture s;
  s.client->take(0);
  // More replies than may wait, and a verdict behind them.
  const auto name = std::string(1000, 'x');
  const auto reply = not_found(name);
  std::vector<std::string> calls(500, missing(name));
  calls.push_back(verdict);
  s.bring(calls);
  CHECK(s.registry.size() == 0);
  CHECK_FALSE(s.client->reading());
  std::size_t rounds = 0;
  while (s.client->awaited() && s.registry.size() == 0) {
    s.go_on(reply.size());
    // One reply was written, so at most one more call was served.
    CHECK(s.client->taken().size() == ++rounds * reply.size());
  }
  // All replies except those that may wait had to be written before the
  // verdict.
  CHECK(rounds * reply.size() + limits::varlink_replies_max_bytes
        >= 500 * reply.size());
  CHECK(rounds < 500);
  s.decide(ok);
  s.go_on();
  std::string expected;
  for (int i = 0; i < 500; ++i)
    expected += reply;
  CHECK(s.client->taken() == expected + ok_reply);
  CHECK(s.client->reading());
}

TEST_CASE("many unread replies need room in the shared memory") {
  const std::string name(limits::kept_max_bytes, 'x');
  const auto run = [](const std::string& asked, std::size_t room, bool fine) {
    const auto held = std::make_shared<protocol::byte_budget>(room);
    fixture s{role::hub, held};
    s.client->take(0);
    s.bring({missing(asked)});
    CHECK(s.alive() == fine);
    CHECK((held->held() > 0) == (fine && room > 1));
    CHECK(s.log.with("closed a client's connection").size() == !fine);
    if (fine)
      s.go_on();
    CHECK(held->held() == 0);
  };
  run("A", 1, true); // a few are always kept
  run(name, 1, false);
  run(name, 4 * not_found(name).size(), true);
}

TEST_CASE("a client that reads is served however large its replies are") {
  fixture s;
  const auto name = std::string(1000, 'x');
  s.bring(std::vector<std::string>(2000, missing(name)));
  CHECK(s.client->taken().size() == 2000 * not_found(name).size());
  CHECK(s.client->reading());
}

TEST_CASE("a message that is not varlink closes the connection and is logged") {
  const std::string bad[] = {
      "",
      "nonsense",
      "[]",
      R"({"parameters":{}})",
      R"({"method":"GetInfo"})",
      R"({"method":"org.varlink.service.GetInfo","more":1})",
      R"({"method":"org.varlink.service.GetInfo","oneway":"yes"})",
  };
  for (auto& message : bad) {
    CAPTURE(message);
    fixture s;
    s.bring({missing("A"), message, missing("B")});
    // the call before it is answered
    CHECK(s.client->taken() == not_found("A"));
    CHECK_FALSE(s.client->open());
    CHECK_FALSE(s.alive());
    CHECK(s.parent_alive());
    auto line = s.log.only("closed a client's connection");
    CHECK(line.level == actors::severity::warning);
    CHECK(line["why"] != "");
    CHECK(line["pid"] == "4242");
    CHECK(line["command"] == "client");
  }
}

TEST_CASE("replies leave before a refused message closes the connection") {
  fixture s;
  s.client->take(3);
  s.bring({missing("A"), verdict, "nonsense"});
  s.decide(ok);
  CHECK(s.client->open());
  s.go_on(10);
  CHECK(s.client->open());
  s.go_on();
  CHECK(s.client->taken() == not_found("A") + ok_reply);
  CHECK_FALSE(s.client->open());
}

TEST_CASE("a message that is too long closes the connection") {
  for (auto end : {stream_end::too_long, stream_end::no_room}) {
    fixture s;
    s.bring({missing("A"), verdict}, end);
    CHECK(s.client->taken() == not_found("A"));
    CHECK(s.client->open());
    s.decide(ok);
    CHECK(s.client->taken() == not_found("A") + ok_reply);
    CHECK_FALSE(s.client->open());
    CHECK(s.log.only("closed a client's connection")["why"]
          == (end == stream_end::too_long ? "a message longer than the limit"
                                          : "a long message, and the memory "
                                            "that clients share is used up"));
    CHECK(s.parent_alive());
  }
}

TEST_CASE("a client that shut down its writing side gets its replies") {
  fixture s;
  s.client->take(0);
  s.bring({missing("A"), verdict, missing("B")}, stream_end::eof);
  s.decide(ok);
  CHECK(s.client->open());
  s.go_on();
  CHECK(s.client->taken() == not_found("A") + ok_reply + not_found("B"));
  CHECK_FALSE(s.client->open());
  CHECK_FALSE(s.alive());
  CHECK(s.parent_alive());
}

TEST_CASE("when a client leaves only its session ends") {
  for (auto end : {stream_end::eof, stream_end::broken}) {
    fixture s;
    s.bring({}, end);
    CHECK_FALSE(s.client->open());
    CHECK_FALSE(s.alive());
    CHECK(s.parent_alive());
    CHECK(s.log.with("closed a client's connection").empty());
  }
}

TEST_CASE("when a client leaves during its verdict only its session ends") {
  fixture s;
  s.client->take(0);
  s.client->break_when_full();
  s.bring({verdict});
  CHECK(s.registry.take<actors::verdict>().size() == 1);
  s.decide(ok);
  CHECK_FALSE(s.alive());
  CHECK_FALSE(s.client->open());
  CHECK(s.parent_alive());
}

TEST_CASE("when a connection breaks while replies wait only its session ends") {
  fixture s;
  s.client->take(5);
  s.bring({missing("A")});
  CHECK(s.alive());
  s.client->break_when_full();
  s.client->become_writable();
  s.run();
  CHECK_FALSE(s.alive());
  CHECK(s.parent_alive());
}

TEST_CASE("a oneway call gets no reply, not even an error") {
  fixture s;
  s.bring({oneway(info), oneway(missing("A")), oneway(subscribe)});
  CHECK(s.client->taken().empty());
  CHECK(s.alive());
  CHECK(s.client->reading());
}

TEST_CASE("a oneway verdict is executed, and the next call waits for it") {
  fixture s;
  s.bring({oneway(verdict), missing("A")});
  CHECK(s.registry.take<actors::verdict>().size() == 1);
  CHECK(s.client->taken().empty());
  s.decide({verdict_outcome::kind::unknown_request, {"c1:1"}});
  CHECK(s.client->taken() == not_found("A"));
}

TEST_CASE("Subscribe without more is an error") {
  fixture s;
  s.bring({R"({"method":"org.terok.Clearance1.Subscribe"})"});
  CHECK(s.client->taken()
        == R"({"error":"org.varlink.service.ExpectedMore","parameters":{}})"s
               + '\0');
  CHECK(s.client->reading());
}

TEST_CASE("Subscribe hands the connection to a subscriber") {
  fixture s;
  s.bring({subscribe});
  CHECK_FALSE(s.alive());
  CHECK(s.io.alive("subscriber").size() == 1);
  CHECK(s.client->open());
  CHECK(s.client->watched());
  CHECK_FALSE(s.client->reading());
  auto x = s.registry.only<actors::subscribe>();
  s.registry.tell(x.from, actors::replay_page{{}, 0, 0, true});
  s.registry.tell(x.from, announcing({blocked(1)}));
  s.run();
  CHECK(s.client->taken() == blocked(1)->wire());
  CHECK(s.parent_alive());
}

TEST_CASE("events come after the replies to earlier calls") {
  fixture s;
  s.client->take(7);
  s.bring({missing("A"), verdict, subscribe});
  s.decide(ok);
  CHECK(s.alive());
  CHECK(s.io.alive("subscriber").empty());
  CHECK(s.registry.take<actors::subscribe>().empty());
  s.go_on(20);
  CHECK(s.alive());
  s.go_on();
  CHECK_FALSE(s.alive());
  auto x = s.registry.only<actors::subscribe>();
  s.registry.tell(x.from, actors::replay_page{{blocked(1)}, 1, 1, true});
  s.run();
  CHECK(s.client->taken()
        == not_found("A") + ok_reply + std::string{blocked(1)->wire()});
}

TEST_CASE("calls behind Subscribe are never served") {
  for (auto end : {stream_end::none, stream_end::eof, stream_end::too_long}) {
    fixture s;
    s.bring({subscribe, verdict, missing("A"), "nonsense"}, end);
    CHECK(s.io.alive("subscriber").size() == 1);
    CHECK(s.registry.take<actors::verdict>().empty());
    CHECK(s.client->taken().empty());
    CHECK(s.client->open());
  }
}

TEST_CASE("a subscriber ends with the parent of its session") {
  fixture s;
  s.bring({subscribe});
  s.parent.leave();
  CHECK(s.io.alive("subscriber").empty());
  CHECK_FALSE(s.client->open());
}

TEST_CASE("a session ends with its parent, whatever its state") {
  const std::vector<std::string> doing[] = {
      {}, {verdict}, {missing("A")}, {missing("A"), subscribe}, {"nonsense"}};
  for (auto& calls : doing) {
    fixture s;
    s.client->take(1);
    if (!calls.empty())
      s.bring(calls);
    s.parent.leave();
    CHECK_FALSE(s.alive());
    CHECK(s.io.alive("subscriber").empty());
    CHECK_FALSE(s.client->open());
  }
}

TEST_CASE("if a session crashes, its parent ends") {
  fixture s;
  s.crash(s.session, caf::sec::runtime_error);
  CHECK_FALSE(s.parent_alive());
  CHECK_FALSE(s.client->open());
}

// -- of the verdict helper ----------------------------------------------------

namespace {

std::string apply(const std::string& action) {
  return R"({"method":"org.terok.ClearanceVerdict1.Apply","parameters":)"
         R"({"container":"c1","dest":"example.org","action":")"
         + action + "\"}}";
}

} // namespace

TEST_CASE(
    "a helper's session calls the executor and replies with the outcome") {
  fixture s{role::verdict_helper};
  s.bring({apply("allow"), apply("deny")});
  auto x = s.executor.only<protocol::shield_call>();
  CHECK(x.action == protocol::action::allow);
  CHECK(x.container == "c1");
  CHECK(x.dest == "example.org");
  s.executor.tell(s.session, protocol::shield_outcome{true, ""});
  s.run();
  CHECK(s.client->flush_taken()
        == R"({"parameters":{"ok":true,"stderr":""}})"s + '\0');
  CHECK(s.executor.only<protocol::shield_call>().action
        == protocol::action::deny);
  s.executor.tell(s.session, protocol::shield_outcome{false, "no"});
  s.run();
  CHECK(s.client->flush_taken()
        == R"({"parameters":{"ok":false,"stderr":"no"}})"s + '\0');
  CHECK(s.client->reading());
}

TEST_CASE("a helper refuses an action that is neither allow nor deny") {
  fixture s{role::verdict_helper};
  s.bring({apply("flush"), oneway(apply("drop"))});
  CHECK(s.executor.size() == 0);
  CHECK(s.client->taken()
        == R"({"parameters":{"ok":false,"stderr":"invalid action: flush"}})"s
               + '\0');
  CHECK(s.client->reading());
}

TEST_CASE("a helper's session executes a oneway call and sends no reply") {
  fixture s{role::verdict_helper};
  s.bring({oneway(apply("allow")), missing("A")});
  CHECK(s.executor.take<protocol::shield_call>().size() == 1);
  s.executor.tell(s.session, protocol::shield_outcome{true, ""});
  s.run();
  CHECK(s.client->taken()
        == R"({"error":"org.varlink.service.InterfaceNotFound",)"
           R"("parameters":{"interface":"org.terok.Clearance1"}})"s
               + '\0');
}

} // namespace session_tests
