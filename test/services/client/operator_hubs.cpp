#include "services/client/operator_hubs.hpp"

#include "protocol/varlink/message.hpp"
#include "test/services/client/listener.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace operator_hubs_tests {

using namespace clearance;
using namespace clearance::services;
using namespace std::chrono_literals;
using clearance::test::listener;
using clearance::test::raw_socket;
using clearance::test::temp_dir;
using protocol::link_status;

// Time is made up, and the test steps both ends: no test waits for a clock.
namespace {

std::string reply(const std::string& parameters, bool continues = true) {
  return R"({"parameters":)" + parameters
         + (continues ? R"(,"continues":true})" : "}") + '\0';
}

std::string error_reply(const std::string& name,
                        const std::string& parameters = "{}") {
  return R"({"error":")" + name + R"(","parameters":)" + parameters + "}"
         + '\0';
}

std::string prompt_json(const std::string& id, int revision = 1,
                        const std::string& more = "") {
  return R"({"id":")" + id + R"(","revision":)" + std::to_string(revision)
         + R"(,"container":"c","target":"t","state":"waiting")" + more + "}";
}

std::string complete(const std::string& prompts = "") {
  return reply(R"({"prompts":[)" + prompts + R"(],"complete":true})");
}

struct hubs_fixture {
  hubs_fixture() : server(std::make_unique<listener>(path)) {}

  /// One round of the owner's loop. What was sent before is there already.
  void step() {
    std::vector<pollfd> entries;
    hubs.append(entries);
    ::poll(entries.data(), entries.size(), 0);
    hubs.handle(entries, now);
  }

  /// The connection of the client that watches.
  raw_socket begin() {
    hubs.look(now);
    auto peer = server->accept();
    const auto call = peer.read_frame().value();
    CHECK(call.find("ClearanceOperator1.Watch") != std::string::npos);
    CHECK(call.find(R"("name":"test")") != std::string::npos);
    return peer;
  }

  std::string ids() const {
    std::string result;
    for (const auto& [number, x] : list.all())
      result += x.key.id + (x.is_stale ? "? " : " ");
    return result;
  }

  const protocol::hub_entry& hub() const { return list.hubs().at(path); }

  temp_dir directory;
  std::string path = directory / "h.sock";
  std::unique_ptr<listener> server;
  protocol::prompt_list list;
  operator_hubs hubs{{{path}, "", "test"}, list};
  time_point now = time_point{} + 1h;
};

} // namespace

TEST_CASE_FIXTURE(hubs_fixture, "the prompts of a hub are followed") {
  auto peer = begin();
  CHECK(hub().status == link_status::loading);
  peer.send(reply(R"({"prompts":[)" + prompt_json("a") + "]}"));
  step();
  CHECK(hub().status == link_status::loading);
  peer.send(complete(prompt_json("b"))
            + reply(R"({"prompt":)" + prompt_json("c") + "}"));
  step();
  CHECK(hub().status == link_status::current);
  CHECK(ids() == "a b c ");
  peer.send(reply(R"({"removed":["a"]})"));
  step();
  CHECK(ids() == "b c ");
}

TEST_CASE_FIXTURE(hubs_fixture, "a message may come in pieces") {
  auto peer = begin();
  const auto bytes = complete(prompt_json("a"));
  for (char c : bytes) {
    peer.send(std::string(1, c));
    step();
  }
  CHECK(ids() == "a ");
}

TEST_CASE_FIXTURE(hubs_fixture, "a hub that restarts is followed again") {
  {
    auto peer = begin();
    peer.send(complete(prompt_json("a")));
    step();
  }
  step();
  CHECK(ids() == "a? ");
  CHECK(hub().status == link_status::absent);
  CHECK(hub().why == "the hub closed the connection");
  // It listens, and is tried again after a pause.
  REQUIRE(hubs.due().has_value());
  CHECK(*hubs.due() == now + 50ms);
  now = *hubs.due();
  step();
  auto peer = server->accept();
  CHECK(peer.read_frame().has_value());
  peer.send(complete(prompt_json("b")));
  step();
  CHECK(ids() == "b ");
  CHECK_FALSE(hubs.due().has_value());
}

TEST_CASE_FIXTURE(hubs_fixture, "a new socket is tried at once") {
  { auto peer = begin(); }
  server.reset();
  step();
  std::filesystem::remove(path);
  hubs.look(now);
  CHECK(hub().why == "there is no hub yet");
  CHECK_FALSE(hubs.due().has_value());
  server = std::make_unique<listener>(path);
  step(); // the kernel tells that there is a new file
  auto peer = server->accept();
  CHECK(peer.read_frame().has_value());
}

TEST_CASE_FIXTURE(hubs_fixture, "what is no hub is not asked again") {
  auto peer = begin();
  SUBCASE("bytes") {
    peer.send(std::string("HTTP/1.1 400\0", 13));
  }
  SUBCASE("an error") {
    peer.send(error_reply("org.example.Other"));
  }
  SUBCASE("a prompt of another shape") {
    peer.send(reply(R"({"prompt":{"id":1}})"));
  }
  step();
  CHECK(hub().status == link_status::absent);
  CHECK_FALSE(hub().why.empty());
  CHECK_FALSE(hubs.due().has_value());
  hubs.look(now + 1h);
  CHECK(server->empty());
}

TEST_CASE_FIXTURE(hubs_fixture, "a hub without the interface sends events") {
  auto peer = begin();
  peer.send(error_reply("org.varlink.service.InterfaceNotFound"));
  step();
  CHECK(peer.read_frame().value().find("Clearance1.Subscribe")
        != std::string::npos);
  CHECK(hub().is_older);
  CHECK(hub().status == link_status::current);
  protocol::event block;
  block.container = "c";
  block.request_id = "c:1";
  block.dest = "203.0.113.7";
  std::string bytes;
  encode(block, bytes);
  peer.send(bytes);
  step();
  REQUIRE(list.all().size() == 1);
  const auto& entry = list.all().begin()->second;
  CHECK(entry.prompt.target == "203.0.113.7");

  SUBCASE("and takes verdicts") {
    std::vector<decision_outcome> got;
    hubs.decide(
        entry.key, entry.prompt.revision, protocol::action::deny, "",
        [&](const decision_outcome& x) { got.push_back(x); }, now);
    auto calls = server->accept();
    const auto message = calls.read_frame().value();
    const auto call = std::get<protocol::varlink::call>(
        protocol::varlink::parse_call(message));
    CHECK(call.method == "org.terok.Clearance1.Verdict");
    CHECK(protocol::varlink::find(call.parameters, "request_id")->text
          == "c:1");
    CHECK(protocol::varlink::find(call.parameters, "dest")->text
          == "203.0.113.7");
    calls.send(reply(R"({"ok":true})", false));
    step();
    REQUIRE(got.size() == 1);
    CHECK(got[0].what == decision_outcome::kind::done);
  }
  SUBCASE("and a changed prompt is not decided") {
    std::vector<decision_outcome> got;
    hubs.decide(
        entry.key, entry.prompt.revision + 1, protocol::action::allow, "",
        [&](const decision_outcome& x) { got.push_back(x); }, now);
    REQUIRE(got.size() == 1);
    CHECK(got[0].what == decision_outcome::kind::changed);
    CHECK(server->empty());
  }
  SUBCASE("and explains nothing") {
    std::string failure;
    hubs.explain(
        entry.key, [&](const call_result& x) { failure = x.failure; }, now);
    CHECK(failure.find("keeps no prompts") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(hubs_fixture, "a decision carries the revision") {
  auto watching = begin();
  watching.send(complete(prompt_json("a", 4)));
  step();
  std::vector<decision_outcome> got;
  const protocol::prompt_key key{path, "a"};
  hubs.decide(
      key, 3, protocol::action::allow, "why",
      [&](const decision_outcome& x) { got.push_back(x); }, now);
  auto peer = server->accept();
  const auto call = peer.read_frame().value();
  CHECK(call
        == R"({"method":"org.terok.ClearanceOperator1.Decide","parameters":)"
           R"({"prompt":"a","revision":3,"action":"allow","reason":"why",)"
           R"("name":"test"}})");
  const auto interface = std::string("org.terok.ClearanceOperator1.");

  SUBCASE("a changed prompt is taken into the list") {
    peer.send(error_reply(interface + "PromptChanged",
                          R"({"prompt":)" + prompt_json("a", 9) + "}"));
    step();
    REQUIRE(got.size() == 1);
    CHECK(got[0].what == decision_outcome::kind::changed);
    CHECK(got[0].prompt->revision == 9);
    CHECK(list.find(key)->prompt.revision == 9);
  }
  SUBCASE("who decided first is said") {
    peer.send(error_reply(
        interface + "AlreadyDecided",
        R"({"decision":{"action":"deny","result":"applied","at":5,)"
        R"("by":{"kind":"operator","name":"kim"},"reason":"no"}})"));
    step();
    REQUIRE(got.size() == 1);
    CHECK(got[0].what == decision_outcome::kind::already);
    CHECK(got[0].text.starts_with("decided already: deny by somebody (kim)"));
  }
  SUBCASE("a failure is said") {
    peer.send(error_reply(
        interface + "DecisionFailed",
        R"({"decision":{"action":"allow","result":"failed","error":"no nft"}})"));
    step();
    REQUIRE(got.size() == 1);
    CHECK(got[0].what == decision_outcome::kind::failed);
    CHECK(got[0].text.find("no nft") != std::string::npos);
  }
  SUBCASE("a hub that leaves is said") {
    // The second call waits for the answer to the first one: it was not sent.
    hubs.decide(
        key, 4, protocol::action::deny, "",
        [&](const decision_outcome& x) { got.push_back(x); }, now);
    { auto gone = std::move(peer); }
    step();
    REQUIRE(got.size() == 2);
    CHECK(got[0].what == decision_outcome::kind::unknown);
    CHECK(got[0].text
          == "it is not known whether this was decided: the hub at " + path
                 + " closed the connection");
    CHECK(got[1].text == "the hub at " + path + " closed the connection");
  }
  SUBCASE("a hub that never answers is said") {
    now = hubs.due().value();
    step();
    REQUIRE(got.size() == 1);
    CHECK(got[0].text.find("did not answer in time") != std::string::npos);
  }
  SUBCASE("calls are made one after another on the connection") {
    hubs.decide(
        key, 4, protocol::action::deny, "",
        [&](const decision_outcome& x) { got.push_back(x); }, now);
    peer.send(
        reply(R"({"decision":{"action":"allow","result":"applied"}})", false));
    step();
    CHECK(got.size() == 1);
    CHECK(got[0].text == "allowed");
    CHECK(peer.read_frame().value().find(R"("revision":4)")
          != std::string::npos);
    peer.send(reply(R"({"decision":{"action":"deny","result":"left_denied"}})",
                    false));
    step();
    CHECK(got.size() == 2);
    CHECK(got[1].text.starts_with("left denied"));
  }
}

TEST_CASE_FIXTURE(hubs_fixture, "a look-up does not wait for a decision") {
  auto watching = begin();
  watching.send(complete(prompt_json("a")));
  step();
  const protocol::prompt_key key{path, "a"};
  hubs.decide(
      key, 1, protocol::action::allow, "", [](const decision_outcome&) {}, now);
  auto deciding = server->accept();
  std::vector<std::string> lines;
  hubs.explain(
      key, [&](const call_result& x) { lines = explanation_lines(x); }, now);
  auto looking = server->accept();
  CHECK(looking.read_frame().value().find("Explain") != std::string::npos);
  looking.send(reply(R"({"decision":"ask","rules":["r\u001b"],"unknown":[],)"
                     R"("opens":"everything"})",
                     false));
  step();
  CHECK(lines
        == std::vector<std::string>{"The policy says: ask",
                                    R"(A rule matches: r\x1b)", "everything"});
}

TEST_CASE("all hubs below the runtime directory come and go") {
  temp_dir runtime;
  protocol::prompt_list list;
  operator_hubs hubs{{{}, runtime.path(), "test"}, list};
  const time_point now = time_point{} + 1h;
  hubs.look(now);
  CHECK(list.hubs().empty());
  auto step = [&] {
    std::vector<pollfd> entries;
    hubs.append(entries);
    ::poll(entries.data(), entries.size(), 0);
    hubs.handle(entries, now);
  };
  const std::string first = runtime / "terok-clearance.sock";
  {
    listener server{first};
    step();
    CHECK(list.hubs().contains(first));
    const auto own = runtime.path() / "terok/clearance/6f1d2c3b4a59";
    std::filesystem::create_directories(own);
    step();
    listener second{own / "hub.sock"};
    step();
    CHECK(list.hubs().size() == 2);
    CHECK(hub_label((own / "hub.sock").string()) == "6f1d2c3b4a59");
  }
  // A call that waits for a hub that goes for good is answered.
  std::string failure;
  hubs.rules(
      first, [&](const call_result& x) { failure = x.failure; }, now);
  std::filesystem::remove(first);
  step();
  step();
  CHECK_FALSE(list.hubs().contains(first));
  CHECK_FALSE(failure.empty());
  CHECK(hub_label(first) == "terok-clearance");
  CHECK(hub_label("\x1b.sock") == "\\x1b");
}

} // namespace operator_hubs_tests
