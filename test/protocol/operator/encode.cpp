#include "protocol/operator/encode.hpp"

#include <doctest/doctest.h>

#include <string>

namespace operator_encode_tests {

using namespace clearance::protocol;

TEST_CASE("a prompt has the members of its type, in their order") {
  prompt x;
  auto facts = std::make_shared<prompt_container>();
  facts->name = "web";
  facts->dossier = {{"project", "al\"pha"}};
  x.container = facts;
  x.target = x.domain = "a.org";
  x.dest = "192.0.2.1";
  x.addresses = {*parse_ip_address("192.0.2.1"), *parse_ip_address("::1")};
  x.more_addresses = 2;
  x.ports = {443, 80};
  x.protocols = {6};
  x.flags.add(flag::loopback);
  x.first_seen = 1;
  x.last_seen = 2;
  x.count = 3;
  std::string text;
  append_prompt(text, x, "boot-1", {.ports = true, .exact_names = true});
  CHECK_EQ(text,
           R"({"id":"boot-1","revision":1,"container":"web","dossier":)"
           R"({"project":"al\"pha"},"target":"a.org","domain":"a.org",)"
           R"("dest":"192.0.2.1","addresses":["192.0.2.1","::1"],)"
           R"("more_addresses":2,"ports":[443,80],"protocols":[6],)"
           R"("flags":["loopback"],"first_seen":1,"last_seen":2,"count":3,)"
           R"("state":"waiting","quiet":false,"opens":"An allow opens the )"
           R"(ports that were asked for of every address that this name has )"
           R"(and will get, until the container ends; a later deny cuts no )"
           R"(connection; the name is what the container claims."})");
  x.state = prompt_state::gone;
  x.why = prompt_end::forgotten;
  x.rule = "r";
  x.decision = decision{};
  text.clear();
  append_prompt(text, x, "boot-1", {});
  CHECK(
      text.find(R"("state":"gone","why":"forgotten","quiet":false,"rule":"r")")
      != text.npos);
  CHECK(text.find(R"("decision":{"seq":0,)") != text.npos);
}

TEST_CASE("a decision leaves out what does not apply") {
  decision x;
  x.seq = 7;
  x.prompt = "boot-1";
  x.action = action::allow;
  x.by.what = decider::kind::policy;
  x.at = 5;
  x.result = decision_result::left_denied;
  x.container = "web";
  x.target = "a.org";
  std::string text;
  append_decision(text, x);
  CHECK_EQ(text, R"({"seq":7,"prompt":"boot-1","action":"allow","by":)"
                 R"({"kind":"policy"},"at":5,"result":"left_denied",)"
                 R"("container":"web","target":"a.org"})");
  x.by = {decider::kind::operator_client, 1000, 42, "watch", "terminal"};
  x.reason = "why";
  x.rule = "r";
  x.result = decision_result::failed;
  x.error = "no";
  x.until = 1;
  x.waited = 2;
  x.shown = 3;
  text.clear();
  append_decision(text, x);
  CHECK_EQ(text,
           R"({"seq":7,"prompt":"boot-1","action":"allow","by":{"kind":)"
           R"("operator","uid":1000,"pid":42,"command":"watch","name":)"
           R"("terminal"},"at":5,"reason":"why","rule":"r","result":"failed",)"
           R"("error":"no","until":1,"waited":2,"shown":3,)"
           R"("container":"web","target":"a.org"})");
}

TEST_CASE("a rule is written as its file has it") {
  policy_rule x;
  x.name = "n";
  x.why = "w";
  x.file = "/p.toml";
  x.line = 5;
  x.on = {{"project", "a*"}};
  x.names = {*parse_name_pattern("*.a.org")};
  x.ranges = {*parse_ip_range("10.0.0.0/8")};
  x.ports = {443};
  x.action = policy_action::allow;
  x.expires = std::chrono::year{2027} / 3 / 1;
  std::string text;
  append_rule(text, x);
  CHECK_EQ(text, R"({"name":"n","why":"w","file":"/p.toml","line":5,"on":)"
                 R"({"project":"a*"},"to":["*.a.org","10.0.0.0/8"],"ports":)"
                 R"([443],"action":"allow","expires":"2027-03-01",)"
                 R"("quiet":false})");
}

TEST_CASE("the hub and events are written whole") {
  hub_state hub;
  hub.id = "h";
  hub.version = "1";
  hub.since = 9;
  hub.scopes = {"seconds"};
  hub.policy = "none";
  hub.audit = "none";
  std::string text;
  append_hub(text, hub);
  CHECK_EQ(text, R"({"id":"h","version":"1","since":9,"containers":0,)"
                 R"("waiting":0,"operators":0,"scopes":["seconds"],)"
                 R"("policy":"none","audit":"none","events_lost":0})");
  event x;
  x.type = event_type::shield_up;
  x.container = "web";
  x.dossier = {{"k", "v"}};
  // The same members as in Clearance1.
  std::string reply, object;
  encode(x, reply);
  append_event(object, x);
  CHECK_EQ(reply.substr(0, reply.size() - 1),
           R"({"continues":true,"parameters":{"event":)" + object + "}}");
}

} // namespace operator_encode_tests
