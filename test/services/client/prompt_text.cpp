#include "services/client/prompt_text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace prompt_text_tests {

using namespace clearance::services;
using clearance::protocol::parse_json_tree;

namespace {

const std::string socket_path = "/run/c.sock";

std::string text_of(const std::string& json,
                    const std::string& default_socket = socket_path) {
  return prompt_text(*parse_json_tree(json), socket_path, default_socket);
}

const std::string waiting =
    R"({"id":"b-1","revision":2,"container":"web","dossier":{"project":"al pha"},)"
    R"("target":"a.org","addresses":["192.0.2.1"],"more_addresses":0,)"
    R"("ports":[443,80],"flags":["punycode"],"first_seen":0,)"
    R"("last_seen":60000000,"count":3,"state":"waiting","quiet":false,)"
    R"("opens":"An allow opens everything."})";

} // namespace

TEST_CASE("a prompt is a line, what an allow opens, and a command") {
  CHECK(text_of(waiting)
        == "b-1 waiting web a.org ports=443,80 addresses=192.0.2.1 blocks=3 "
           "first=1970-01-01T00:00:00Z last=1970-01-01T00:01:00Z "
           "flags=punycode dossier.project=\"al pha\"\n"
           "         An allow opens everything.\n"
           "         answer (allow or deny): terok-clearance decide b-1 2 "
           "allow\n");
  CHECK(text_of(waiting, "/other")
            .ends_with("decide b-1 2 allow --clearance-socket /run/c.sock\n"));
}

TEST_CASE("a prompt that was decided says by whom, and has no command") {
  CHECK(
      text_of(R"({"id":"b-1","container":"web","target":"a.org","count":1,)"
              R"("first_seen":0,"last_seen":0,"state":"decided","quiet":true,)"
              R"("decision":{"action":"deny","by":{"kind":"operator",)"
              R"("uid":1000,"pid":7,"command":"list","name":"n"},"at":0,)"
              R"("reason":"no need","result":"applied","container":"web",)"
              R"("target":"a.org"}})")
      == "b-1 decided web a.org blocks=1 first=1970-01-01T00:00:00Z "
         "last=1970-01-01T00:00:00Z quiet\n"
         "         1970-01-01T00:00:00Z deny applied web a.org by=operator "
         "uid=1000 pid=7 command=list name=n reason=\"no need\"\n");
}

TEST_CASE("a container cannot make its prompt look like another line") {
  const auto text =
      text_of(R"({"id":"b-1","container":"web\nx","target":"a\u001b[2J",)"
              R"("flags":[],"state":"waiting","opens":"o","dossier":)"
              R"({"a b=c":"d\ne"}})");
  CHECK(text.find('\x1b') == text.npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
}

// An orchestrator, or who writes its annotations, chooses the keys.
TEST_CASE("a key of the dossier cannot look like a field of the hub") {
  const auto text = text_of(
      R"({"id":"b-1","container":"web","target":"a.org","state":"waiting",)"
      R"("flags":["punycode"],"opens":"o","dossier":{"flags":"none",)"
      R"("rule":"all good","state":"decided"}})");
  CHECK(text.find(" flags=punycode") != text.npos);
  for (const char* field : {" flags=none", " rule=", " state="})
    CHECK(text.find(field) == text.npos);
  CHECK(text.find(" dossier.rule=\"all good\"") != text.npos);
}

TEST_CASE("what is no prompt is shown without a fault") {
  CHECK_FALSE(text_of("{}").empty());
  CHECK_FALSE(text_of("7").empty());
  CHECK_FALSE(decision_text(*parse_json_tree("[]")).empty());
}

} // namespace prompt_text_tests
