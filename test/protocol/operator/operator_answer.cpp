#include "protocol/operator/operator_answer.hpp"

#include "protocol/operator/prompt.hpp"

#include <doctest/doctest.h>

#include <string>

namespace operator_answer_tests {

using namespace clearance::protocol;

namespace {

std::optional<watch_reply> watched(const std::string& parameters) {
  auto answer = parse_operator_answer(R"({"parameters":)" + parameters
                                      + R"(,"continues":true})");
  REQUIRE(answer.has_value());
  return read_watch_reply(*answer);
}

std::string with_prompt(const std::string& members) {
  return R"({"prompt":{"id":"b:1","state":"waiting")" + members + "}}";
}

listed_prompt full_prompt() {
  listed_prompt x;
  x.id = "boot:7";
  x.revision = 3;
  x.container = "6f1d2c3b4a59";
  x.dossier = {{"task", "pip-upgrade"}, {"", "odd\"\n\x01"}};
  x.target = x.domain = "pypi.org";
  x.dest = "151.101.64.223";
  x.addresses = {"151.101.64.223", "::1"};
  x.more_addresses = 4;
  x.ports = {443, 80};
  x.protocols = {6};
  x.flags = {"shared_address", "a_new_flag"};
  x.first_seen = 1;
  x.last_seen = 2;
  x.count = 12;
  x.state = prompt_state::decided;
  x.quiet = true;
  x.rule = "wheels";
  x.opens = "everything";
  auto& made = x.decision.emplace();
  made.seq = 9;
  made.prompt = x.id;
  made.action = action::allow;
  made.by.what = decider::kind::operator_client;
  made.by.uid = 1000;
  made.by.name = "kim";
  made.at = 5;
  made.result = decision_result::applied;
  made.container = x.container;
  made.target = x.target;
  return x;
}

} // namespace

TEST_CASE("every member of a prompt is read") {
  std::string text = R"({"parameters":{"prompt":)";
  append_listed_prompt(text, full_prompt());
  auto answer = parse_operator_answer(text + "}}");
  REQUIRE(answer.has_value());
  auto reply = read_watch_reply(*answer);
  REQUIRE(reply.has_value());
  CHECK(reply->prompt == full_prompt());
}

TEST_CASE("the members of a reply to Watch are read") {
  auto x = watched(R"({"hub":{"id":"h","version":"1","since":3,"containers":2,)"
                   R"("waiting":1,"operators":4,"scopes":["seconds"],)"
                   R"("policy":"none","audit":"off","events_lost":5},)"
                   R"("prompts":[{"id":"a","state":"gone","why":"forgotten"}],)"
                   R"("complete":true,"restart":true,"removed":["x","y"],)"
                   R"("lost":7,"event":{"type":"shield_up"},"new":[1]})");
  REQUIRE(x.has_value());
  CHECK(x->hub->waiting == 1);
  CHECK(x->hub->scopes == std::vector<std::string>{"seconds"});
  CHECK(x->prompts.at(0).why == "forgotten");
  CHECK(x->complete);
  CHECK(x->restart);
  CHECK(x->removed == std::vector<std::string>{"x", "y"});
  CHECK(x->lost == 7);
}

TEST_CASE("members that are missing or null are empty") {
  CHECK(watched("{}") == watch_reply{});
  auto x = watched(with_prompt(R"(,"ports":null,"decision":null,"why":null)"));
  REQUIRE(x.has_value());
  CHECK(x->prompt->ports.empty());
  CHECK_FALSE(x->prompt->decision.has_value());
}

TEST_CASE("a member of the wrong type is refused") {
  CHECK(watched(with_prompt("")).has_value());
  for (const auto* members :
       {R"(,"revision":"1")", R"(,"revision":1.5)", R"(,"ports":[1,"2"])",
        R"(,"ports":1)", R"(,"flags":[1])", R"(,"dossier":[])",
        R"(,"dossier":{"a":1})", R"(,"quiet":0)", R"(,"decision":[])",
        R"(,"decision":{"action":"maybe","result":"applied"})",
        R"(,"decision":{"action":"allow","result":"applied","by":{}})",
        R"(,"decision":{"action":"allow","result":"applied","seq":-1})",
        R"(,"state":"new")"}) {
    CAPTURE(members);
    CHECK_FALSE(watched(with_prompt(members)).has_value());
  }
  for (const auto* parameters :
       {R"({"removed":[1]})", R"({"prompts":{}})", R"({"prompts":[1]})",
        R"({"complete":1})", R"({"hub":{"waiting":-1}})",
        R"({"prompt":{"state":"waiting"}})", R"({"lost":"1"})"}) {
    CAPTURE(parameters);
    CHECK_FALSE(watched(parameters).has_value());
  }
}

TEST_CASE("what is no message is refused") {
  for (const auto* text : {"", "1", "[]", "{", R"({"error":1})",
                           R"({"parameters":[]})", R"({"parameters":1})"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_operator_answer(text).has_value());
  }
}

TEST_CASE("an error has its name and its parameters") {
  auto x = parse_operator_answer(
      R"({"error":"org.terok.ClearanceOperator1.NoSuchPrompt",)"
      R"("parameters":{"prompt":"a","decision":null}})");
  REQUIRE(x.has_value());
  CHECK(x->error == "org.terok.ClearanceOperator1.NoSuchPrompt");
  REQUIRE(x->find("prompt") != nullptr);
  CHECK(x->find("prompt")->text == "a");
  CHECK(x->find("decision") == nullptr);
  CHECK(parse_operator_answer("{}")->parameters.type
        == json_tree::kind::object);
}

} // namespace operator_answer_tests
