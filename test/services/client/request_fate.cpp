#include "services/client/request_fate.hpp"

#include <doctest/doctest.h>

#include <string>

namespace request_fate_tests {

using namespace clearance;

namespace {

std::string fate(const std::string& prompt) {
  const auto hub = protocol::parse_json_tree(R"({"since":1796083200000000})");
  return services::fate_text(
      prompt.empty() ? std::nullopt : protocol::parse_json_tree(prompt), *hub);
}

} // namespace

TEST_CASE("what became of a request is said as far as the prompts know") {
  CHECK(fate("").starts_with(
      "the hub, which runs since 2026-12-01T00:00:00Z, knows no block"));
  CHECK(fate(R"({"state":"deciding"})") == "it is being answered");
  CHECK(fate(R"({"state":"decided","decision":{"action":"deny","at":0,)"
             R"("result":"left_denied","container":"web","target":"a.org",)"
             R"("by":{"kind":"policy"},"rule":"no ads"}})")
        == "it was answered already: 1970-01-01T00:00:00Z deny left_denied web "
           "a.org by=policy rule=\"no ads\"");
  CHECK(fate(R"({"state":"gone","why":"container_exited"})")
        == "its container has ended");
  for (const char* why : {"shield_down", "shield_disengaged"})
    CHECK(fate(R"({"state":"gone","why":")" + std::string{why} + "\"}")
          == "the firewall of its container was taken down");
  CHECK(fate(R"({"state":"gone","why":"forgotten"})")
            .starts_with("the hub has dropped it"));
  CHECK(fate(R"({"state":"waiting"})").starts_with("another request"));
}

} // namespace request_fate_tests
