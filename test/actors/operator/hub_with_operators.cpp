// A hub as its operators see it. Source: operator.md, sections 2 and 8.

#include "test/support/fixture/operators_fixture.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace hub_with_operators_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::chrono_literals;
using fixture = operators_fixture;

namespace {

const json& first_prompt(const json& reply) {
  return reply["parameters"]["prompts"].as<json::array>().at(0);
}

std::size_t prompts_in(const json& reply) {
  return reply["parameters"]["prompts"].as<json::array>().size();
}

std::int64_t number(const json& x) {
  return x.as<std::int64_t>();
}

std::string error_of(const json& reply) {
  const std::string prefix = "org.terok.ClearanceOperator1.";
  auto result = reply.has("error") ? reply["error"].text() : "none";
  return result.starts_with(prefix) ? result.substr(prefix.size()) : result;
}

// The request ids of the `verdict_applied` events that a subscriber got.
std::vector<std::string> applied_ids(const fake_connection_ptr& subscriber) {
  std::vector<std::string> result;
  for (const auto& x : fixture::replies(subscriber)) {
    const auto& event = x["parameters"]["event"];
    if (event["type"].text() != "verdict_applied")
      continue;
    CHECK(event["ok"].as<bool>());
    result.push_back(event["request_id"].text());
  }
  return result;
}

fake_connection_ptr subscriber_of(fixture& s) {
  auto result = s.client();
  result->bring({R"({"method":"org.terok.Clearance1.Subscribe","more":true})"});
  s.run();
  return result;
}

std::string verdict_on(const std::string& id, const std::string& dest) {
  return R"({"method":"org.terok.Clearance1.Verdict","parameters":)"
         R"({"container":"web","request_id":")"
         + id + R"(","dest":")" + dest + R"(","action":"allow"}})";
}

} // namespace

TEST_CASE("blocks of one target are one prompt with what is known of it") {
  fixture s;
  s.block("web", "r1", "pypi.org");
  s.pass(5s);
  s.block("web", "r2", "PyPI.org.", "203.0.113.8");
  const auto list = s.ask("List");
  REQUIRE_EQ(prompts_in(list), 1);
  const auto& x = first_prompt(list);
  CHECK(x["id"].text() == "boot-1");
  CHECK(number(x["revision"]) == 1);
  CHECK(x["container"].text() == "web");
  CHECK(x["dossier"]["project"].text() == "alpha");
  CHECK(x["target"].text() == "pypi.org");
  CHECK(x["dest"].text() == "203.0.113.8");
  CHECK(x["addresses"] == json::parse(R"(["203.0.113.7","203.0.113.8"])"));
  CHECK(x["ports"] == json::parse("[443]"));
  CHECK(number(x["count"]) == 2);
  CHECK(number(x["last_seen"]) - number(x["first_seen"]) == 5'000'000);
  CHECK(x["state"].text() == "waiting");
  CHECK(x["opens"].text().starts_with("An allow opens every port"));
}

TEST_CASE("a block has the time of its batch, however late it is looked at") {
  fixture s;
  const auto start = s.wall;
  s.pass(1s);
  s.block("web", "r1", "a.org");
  s.pass(7s);
  const auto x = s.ask("List");
  CHECK(number(first_prompt(x)["first_seen"]) == start + 1'000'000);
}

TEST_CASE("a list can be of one container") {
  fixture s;
  s.block("web", "r1", "a.org");
  s.block("db", "r1", "a.org");
  CHECK_EQ(prompts_in(s.ask("List")), 2);
  const auto x = s.ask("List", R"({"container":"db"})");
  REQUIRE_EQ(prompts_in(x), 1);
  CHECK(first_prompt(x)["container"].text() == "db");
}

TEST_CASE("a second client that watches gets the same picture") {
  fixture s;
  s.block("web", "r1", "a.org");
  auto one = s.watch();
  auto two = s.watch(R"({"name":"terminal","attends":true})");
  for (const auto& x : {one, two}) {
    auto all = fixture::replies(x);
    REQUIRE(all.size() >= 2);
    const auto& hub = all[0]["parameters"]["hub"];
    CHECK(hub["id"].text() == "hub");
    CHECK(number(hub["waiting"]) == 1);
    CHECK(first_prompt(all[1])["id"].text() == "boot-1");
    CHECK(all[1]["parameters"]["complete"].as<bool>());
  }
}

TEST_CASE("a client that watches is told of each change, merged in 50 ms") {
  fixture s;
  auto client = s.watch();
  fixture::replies(client);
  s.block("web", "r1", "a.org");
  auto all = fixture::replies(client);
  REQUIRE_EQ(all.size(), 1);
  CHECK(number(all[0]["parameters"]["prompt"]["count"]) == 1);
  s.block("web", "r2", "a.org");
  s.block("web", "r3", "a.org");
  CHECK(fixture::replies(client).empty());
  s.advance(50ms);
  all = fixture::replies(client);
  REQUIRE_EQ(all.size(), 1);
  CHECK(number(all[0]["parameters"]["prompt"]["count"]) == 3);
}

TEST_CASE("a client that does not read costs one piece, and is exact after") {
  fixture s;
  auto client = s.watch();
  fixture::replies(client);
  client->take(0);
  for (int i = 0; i < 100; ++i)
    s.block("web", "r" + std::to_string(i), "a.org");
  CHECK(client->awaited());
  client->take_all();
  client->become_writable();
  s.run();
  s.advance(50ms);
  auto all = fixture::replies(client);
  REQUIRE_EQ(all.size(), 2);
  CHECK(number(all[0]["parameters"]["prompt"]["count"]) == 1);
  CHECK(number(all[1]["parameters"]["prompt"]["count"]) == 100);
}

TEST_CASE("an allow executes the newest open request and closes the others") {
  fixture s;
  auto subscriber = subscriber_of(s);
  for (const char* id : {"r1", "r2", "r3"})
    s.block("web", id, "a.org");
  s.block("web", "r4", "b.org", "203.0.113.8");
  applied_ids(subscriber);
  auto client = s.client();
  s.call(client, "Decide",
         R"({"prompt":"boot-1","revision":1,"action":"allow","reason":"ok",)"
         R"("name":"terminal"})");
  CHECK(client->taken().empty());
  CHECK(first_prompt(s.ask("List"))["state"].text() == "deciding");
  REQUIRE_EQ(s.executor.calls().size(), 1);
  CHECK(s.executor.calls()[0].container == "web");
  CHECK(s.executor.calls()[0].dest == "a.org");
  CHECK(s.executor.calls()[0].action == protocol::action::allow);
  // Everybody has heard of it when the client gets its reply.
  std::size_t heard_before_the_reply = 0;
  client->on_write(
      [&] { heard_before_the_reply = applied_ids(subscriber).size(); });
  s.executor.succeed(0);
  CHECK_EQ(heard_before_the_reply, 3);
  auto all = fixture::replies(client);
  REQUIRE_EQ(all.size(), 1);
  const auto& made = all[0]["parameters"]["decision"];
  CHECK(made["result"].text() == "applied");
  CHECK(made["reason"].text() == "ok");
  CHECK(made["by"]["kind"].text() == "operator");
  CHECK(number(made["by"]["uid"]) == 1000);
  CHECK(number(made["by"]["pid"]) == 4242);
  CHECK(made["by"]["name"].text() == "terminal");
  const auto list = s.ask("List");
  CHECK(first_prompt(list)["state"].text() == "decided");
  CHECK(first_prompt(list)["decision"]["seq"] == made["seq"]);
  // None of them is open any more, and the other prompt's is.
  for (const char* id : {"r1", "r2", "r3"}) {
    client->bring({verdict_on(id, "a.org")});
    s.run();
    CHECK(fixture::replies(client).at(0)["error"].text()
          == "org.terok.Clearance1.UnknownRequest");
  }
  CHECK(prompts_in(list) == 2);
}

TEST_CASE("the executed request is announced first") {
  fixture s;
  auto subscriber = subscriber_of(s);
  for (const char* id : {"r1", "r2", "r3"})
    s.block("web", id, "a.org");
  fixture::replies(subscriber);
  auto client = s.client();
  s.call(client, "Decide", fixture::decision(1, 1));
  s.executor.succeed(0);
  CHECK(applied_ids(subscriber) == std::vector<std::string>{"r3", "r2", "r1"});
}

TEST_CASE("an answer to a prompt that changed is not executed") {
  fixture s;
  s.block("web", "r1", "a.org");
  s.block("web", "r2", "a.org", "10.0.0.1"); // a private address: news
  auto reply = s.ask("Decide", fixture::decision(1, 1));
  CHECK(error_of(reply) == "PromptChanged");
  const auto& now = reply["parameters"]["prompt"];
  CHECK(number(now["revision"]) == 2);
  CHECK(now["flags"] == json::parse(R"(["private_address"])"));
  CHECK(s.executor.calls().empty());
  CHECK(first_prompt(s.ask("List"))["state"].text() == "waiting");
}

TEST_CASE("a deny needs no current revision") {
  fixture s;
  s.block("web", "r1", "a.org");
  s.block("web", "r2", "a.org", "10.0.0.1");
  auto client = s.client();
  s.call(client, "Decide", fixture::decision(1, 1, "deny"));
  REQUIRE_EQ(s.executor.calls().size(), 1);
  CHECK(s.executor.calls()[0].action == protocol::action::deny);
}

TEST_CASE("a decision that is being executed is not made twice") {
  fixture s;
  s.block("web", "r1", "a.org");
  auto one = s.client();
  s.call(one, "Decide", fixture::decision(1, 1));
  auto pending = s.ask("Decide", fixture::decision(1, 1, "deny"));
  CHECK(error_of(pending) == "AlreadyDecided");
  CHECK(pending["parameters"]["decision"]["result"].text() == "pending");
  s.executor.succeed(0);
  auto late = s.ask("Decide", fixture::decision(1, 1));
  CHECK(error_of(late) == "AlreadyDecided");
  CHECK(late["parameters"]["decision"]["result"].text() == "applied");
  CHECK_EQ(s.executor.calls().size(), 1);
}

TEST_CASE("a decision that the shield cannot execute leaves the prompt open") {
  fixture s;
  s.block("web", "r1", "a.org");
  auto client = s.client();
  s.call(client, "Decide", fixture::decision(1, 1));
  s.executor.answer(0, {false, "no such container"});
  auto all = fixture::replies(client);
  REQUIRE_EQ(all.size(), 1);
  CHECK(error_of(all[0]) == "DecisionFailed");
  CHECK(all[0]["parameters"]["decision"]["error"].text()
        == "no such container");
  CHECK(first_prompt(s.ask("List"))["state"].text() == "waiting");
  s.call(client, "Decide", fixture::decision(1, 1));
  s.executor.succeed(1);
  CHECK(error_of(fixture::replies(client).at(0)) == "none");
}

TEST_CASE("what is no decision is refused, and nothing is executed") {
  fixture s;
  s.block("web", "r1", "a.org");
  CHECK(error_of(s.ask("Decide", fixture::decision(2, 1))) == "NoSuchPrompt");
  CHECK(error_of(s.ask("Decide", fixture::decision(1, 1, "Allow")))
        == "InvalidAction");
  CHECK(error_of(s.ask("Decide",
                       R"({"prompt":"boot-1","revision":1,"action":"allow",)"
                       R"("scope":{"seconds":60}})"))
        == "ScopeNotSupported");
  CHECK(error_of(s.ask("Decide", R"({"prompt":"other-1","revision":1,)"
                                 R"("action":"allow"})"))
        == "NoSuchPrompt");
  CHECK(s.executor.calls().empty());
}

TEST_CASE("an allow ends by itself where the shield can do that") {
  auto scoped = [](const std::string& action, const std::string& seconds) {
    return R"({"prompt":"boot-1","revision":1,"action":")" + action
           + R"(","scope":{"seconds":)" + seconds + "}}";
  };
  fixture s{{}, {}, std::nullopt, protocol::shield_abilities{.seconds = true}};
  s.block("web", "r1", "a.org");
  for (const auto* bad : {"0", "-1", "31622401"})
    CHECK(
        s.ask("Decide", scoped("allow", bad))["parameters"]["parameter"].text()
        == "scope");
  CHECK(error_of(s.ask("Decide", scoped("deny", "60"))) == "ScopeNotSupported");
  auto client = s.client();
  s.call(client, "Decide", scoped("allow", "60"));
  REQUIRE_EQ(s.executor.calls().size(), 1);
  CHECK_EQ(s.executor.calls()[0].seconds, 60);
  s.executor.succeed(0);
  const auto reply = fixture::replies(client).at(0);
  const auto& made = reply["parameters"]["decision"];
  CHECK_EQ(number(made["until"]), s.wall + 60'000'000);
}

TEST_CASE("a shield that could not be asked is asked after a verdict") {
  fixture s{{}, {}, std::nullopt, std::nullopt};
  s.block("web", "r1", "a.org");
  auto client = s.client();
  const auto hub = [&] {
    return fixture::replies(s.watch()).at(0)["parameters"]["hub"];
  };
  CHECK(hub()["scopes"].as<json::array>().empty());
  s.executor.can(protocol::shield_abilities{.seconds = true});
  s.call(client, "Decide", fixture::decision(1, 1));
  s.executor.succeed(0);
  REQUIRE_EQ(hub()["scopes"].as<json::array>().size(), 1);
  CHECK(hub()["scopes"].as<json::array>().at(0).text() == "seconds");
}

TEST_CASE("a verdict of Clearance1 decides the prompt and its request alone") {
  fixture s;
  s.block("web", "r1", "a.org");
  s.block("web", "r2", "a.org");
  auto client = s.client();
  client->bring({verdict_on("r1", "a.org")});
  s.run();
  s.executor.succeed(0);
  fixture::replies(client);
  const auto list = s.ask("List");
  const auto& x = first_prompt(list);
  CHECK(x["state"].text() == "decided");
  CHECK(x["decision"]["by"]["kind"].text() == "operator");
  client->bring({verdict_on("r2", "a.org")});
  s.run();
  CHECK_EQ(s.executor.calls().size(), 2);
}

TEST_CASE("a request that a verdict holds is not executed a second time") {
  fixture s;
  s.block("web", "r1", "a.org");
  auto client = s.client();
  client->bring({verdict_on("r1", "a.org")});
  s.run();
  auto other = s.client();
  s.call(other, "Decide", fixture::decision(1, 1));
  CHECK_EQ(s.executor.calls().size(), 1);
  CHECK(error_of(fixture::replies(other).at(0)) == "DecisionFailed");
  s.executor.succeed(0);
  CHECK(fixture::replies(client).size() == 1);
  CHECK(first_prompt(s.ask("List"))["state"].text() == "decided");
}

TEST_CASE("prompts of a container that is gone are gone") {
  fixture s;
  s.block("web", "r1", "a.org");
  s.block("db", "r1", "a.org");
  auto watcher = s.watch();
  fixture::replies(watcher);
  s.line(R"({"type":"container_exited","container":"web"})");
  bool is_told = false;
  for (const auto& x : fixture::replies(watcher))
    is_told |= x["parameters"].has("prompt")
               && x["parameters"]["prompt"]["why"].text() == "container_exited";
  CHECK(is_told);
  CHECK(error_of(s.ask("Decide", fixture::decision(1, 2))) == "NoSuchPrompt");
  auto client = s.client();
  s.call(client, "Decide", fixture::decision(2, 1));
  CHECK_EQ(s.executor.calls().size(), 1);
}

TEST_CASE("a prompt whose open request had to make room is forgotten") {
  actors::hub_config hub;
  hub.limits.per_container = 2;
  fixture s{{}, hub};
  s.block("web", "r1", "a.org");
  s.block("web", "r2", "b.org");
  s.block("web", "r3", "c.org");
  const auto list = s.ask("List");
  CHECK(first_prompt(list)["state"].text() == "gone");
  CHECK(first_prompt(list)["why"].text() == "forgotten");
  CHECK(error_of(s.ask("Decide", fixture::decision(1, 2))) == "NoSuchPrompt");
  auto client = s.client();
  s.call(client, "Decide", fixture::decision(3, 1));
  CHECK_EQ(s.executor.calls().size(), 1);
}

TEST_CASE("what was decided stays visible for ten minutes") {
  fixture s;
  auto watcher = s.watch();
  s.block("web", "r1", "a.org");
  auto client = s.client();
  s.call(client, "Decide", fixture::decision(1, 1));
  s.executor.succeed(0);
  s.advance(10min - 1ms);
  CHECK_EQ(prompts_in(s.ask("List")), 1);
  fixture::replies(watcher);
  s.advance(1s);
  auto all = fixture::replies(watcher);
  REQUIRE_EQ(all.size(), 1);
  CHECK(all[0]["parameters"]["removed"] == json::parse(R"(["boot-1"])"));
  CHECK_EQ(prompts_in(s.ask("List")), 0);
}

TEST_CASE("a container can be made quiet") {
  fixture s;
  s.block("web", "r1", "a.org");
  CHECK(s.ask("Quiet", R"({"container":"web","on":true})")
        == json::parse(R"({"parameters":{}})"));
  CHECK(first_prompt(s.ask("List"))["quiet"].as<bool>());
  s.ask("Quiet", R"({"container":"web","on":false})");
  CHECK_FALSE(first_prompt(s.ask("List"))["quiet"].as<bool>());
}

TEST_CASE("the history has decisions of everybody, the newest last") {
  fixture s;
  for (const char* name : {"a.org", "b.org", "c.org"})
    s.block("web", std::string{"id-"} + name, name,
            std::string{"203.0.113."} + std::to_string(name[0]));
  auto client = s.client();
  for (int i = 1; i <= 2; ++i) {
    s.call(client, "Decide", fixture::decision(i, 1));
    s.executor.succeed(static_cast<std::size_t>(i - 1));
  }
  client->bring({verdict_on("id-c.org", "c.org")});
  s.run();
  s.executor.answer(2, {false, "no"});
  auto targets = [&](const std::string& parameters) {
    std::string result;
    const auto reply = s.ask("History", parameters);
    for (const auto& x : reply["parameters"]["decisions"].as<json::array>())
      result += x["target"].text() + " ";
    return result;
  };
  CHECK(targets("{}") == "a.org b.org c.org ");
  CHECK(targets(R"({"limit":1})") == "c.org ");
  CHECK(targets(R"({"limit":0})").empty());
  CHECK(targets(R"({"after":1})") == "b.org c.org ");
  CHECK(targets(R"({"container":"db"})").empty());
}

TEST_CASE("without a policy everything is asked") {
  fixture s;
  auto x = s.ask("Explain", R"({"container":"web","target":"a.org"})");
  CHECK(x["parameters"]["decision"].text() == "ask");
  CHECK(x["parameters"]["rules"] == json::parse("[]"));
  CHECK(x["parameters"]["unknown"] == json::parse(R"(["addresses"])"));
  s.block("web", "r1", "a.org");
  CHECK(s.ask("Explain", R"({"prompt":"boot-1"})")["parameters"]["decision"]
            .text()
        == "ask");
  CHECK(error_of(s.ask("Explain", R"({"prompt":"boot-9"})")) == "NoSuchPrompt");
  CHECK(s.ask("Rules")["parameters"]["rules"] == json::parse("[]"));
}

TEST_CASE("the hub and its operators end together") {
  fixture s;
  auto watcher = s.watch();
  s.crash(s.prompts, caf::make_error(caf::sec::runtime_error));
  for (const char* name :
       {"hub", "registry", "ingester", "prompts", "operator_session"})
    CHECK_MESSAGE(s.io.alive(name).empty(), name);
  CHECK_FALSE(watcher->open());
}

TEST_CASE("a client that leaves costs nothing any more") {
  fixture s;
  auto watcher = s.watch();
  s.block("web", "r1", "a.org");
  watcher->hang_up();
  s.run();
  CHECK(s.io.alive("operator_session").empty());
  CHECK_FALSE(watcher->open());
  s.block("web", "r2", "a.org");
  auto other = s.watch();
  CHECK(number(fixture::replies(other)[0]["parameters"]["hub"]["operators"])
        == 1);
}

TEST_CASE("clients that watch count as subscribers") {
  actors::hub_config hub;
  hub.subscribers_max = 1;
  fixture s{{}, hub};
  auto one = s.watch();
  auto two = s.watch();
  CHECK(one->open());
  CHECK_FALSE(two->open());
  one->hang_up();
  s.run();
  CHECK(s.watch()->open());
}

} // namespace hub_with_operators_tests
