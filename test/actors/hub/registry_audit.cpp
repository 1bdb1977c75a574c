// The audit trail: one line for each verdict, with who asked and the result.

#include "test/support/fixture/registry_fixture.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace registry_audit_tests {

using namespace clearance;
using namespace clearance::test;
namespace limits = protocol::limits;

namespace {

/// A client with a limiter of its own, as a session has.
struct client {
  std::shared_ptr<actors::log_limiter> denials =
      std::make_shared<actors::log_limiter>();

  void ask(registry_fixture& s, std::string request_id) const {
    s.caller.tell(s.registry, actors::verdict{"c1",
                                              std::move(request_id),
                                              "203.0.113.7",
                                              "allow",
                                              {1000, 78, "client"},
                                              denials});
    s.run();
  }
};

} // namespace

TEST_CASE("every executed verdict leaves an audit line") {
  registry_fixture s;
  s.announce({blocked(1)});
  s.ask("c1:1");
  s.executor.answer(0, {false, "bad\nname\x1b[2J"});
  auto line = s.log.only("verdict failed");
  CHECK(line.level == actors::severity::notice);
  CHECK(line.component == "registry");
  CHECK(line["action"] == "allow");
  CHECK(line["container"] == "c1");
  CHECK(line["request_id"] == "c1:1");
  CHECK(line["dest"] == "203.0.113.7");
  CHECK(line["uid"] == "1000");
  CHECK(line["pid"] == "77");
  CHECK(line["command"] == "operator");
  CHECK(line["via"] == "socket");
  CHECK(line["stderr"] == "bad\\x0aname\\x1b[2J");
  s.ask("c1:1", "203.0.113.7", "deny");
  s.executor.succeed(1);
  line = s.log.only("verdict applied");
  CHECK(line["action"] == "deny");
  CHECK(line["command"] == "operator");
}

// An auditor looks for clients that try verdicts on blocks they have not seen.
TEST_CASE("every refused verdict leaves an audit line that says why") {
  registry_fixture s;
  s.announce({blocked(1)});
  auto why = [&] {
    auto line = s.log.only("verdict refused");
    CHECK(line.level == actors::severity::notice);
    CHECK(line["uid"] == "1000");
    CHECK(line["pid"] == "77");
    CHECK(line["command"] == "operator");
    CHECK(line["not_logged"] == "");
    s.log.clear();
    return line["why"] + " " + line["action"] + " " + line["container"] + " "
           + line["request_id"] + " " + line["dest"];
  };
  s.ask("c1:1", "203.0.113.7", "maybe");
  CHECK(why() == "InvalidAction maybe c1 c1:1 203.0.113.7");
  s.ask("c1:2");
  CHECK(why() == "UnknownRequest allow c1 c1:2 203.0.113.7");
  s.ask("c1:1", "198.51.100.1");
  CHECK(why() == "VerdictTupleMismatch allow c1 c1:1 198.51.100.1");
  s.ask("c1:1", "203.0.113.7", "deny", "c2");
  CHECK(why() == "VerdictTupleMismatch deny c2 c1:1 203.0.113.7");
}

TEST_CASE("texts that a client invents are cut and escaped in the audit line") {
  registry_fixture s;
  s.ask(std::string(limits::text_max_chars + 1, 'i'), "d\n", "x\x1b", "");
  auto line = s.log.only("verdict refused");
  CHECK(line["request_id"] == std::string(limits::text_max_chars, 'i') + "...");
  CHECK(line["dest"] == R"(d\x0a)");
  CHECK(line["action"] == R"(x\x1b)");
}

TEST_CASE("the audit line tells a verdict of the application from a client's") {
  registry_fixture s;
  s.caller.tell(
      s.registry,
      actors::verdict{
          "c1", "c1:1", "d", "allow", {1000, 77, "host", true}, nullptr});
  s.run();
  CHECK(s.log.only("verdict refused")["via"] == "application");
}

// Else the lines about other clients would be lost among these.
TEST_CASE(
    "a client that repeats refused verdicts is logged 64 times a second") {
  registry_fixture s;
  const client noisy;
  for (std::size_t i = 0; i < limits::log_max_lines; ++i)
    noisy.ask(s, "c1:1");
  CHECK(s.log.with("verdict refused").size() == limits::log_max_lines);
  for (int i = 0; i < 3; ++i)
    noisy.ask(s, "c1:1");
  CHECK(s.log.with("verdict refused").size() == limits::log_max_lines);
  // Other lines are not lost: another client's, one without a limiter, and the
  // line of this client's executed verdict.
  s.log.clear();
  client{}.ask(s, "c1:1");
  s.ask("c1:1");
  CHECK(s.log.with("verdict refused").size() == 2);
  s.announce({blocked(1)});
  noisy.ask(s, "c1:1");
  s.executor.succeed(0);
  CHECK(s.log.only("verdict applied")["pid"] == "78");
  s.log.clear();
  s.advance(limits::log_interval);
  noisy.ask(s, "c1:1");
  CHECK(s.log.only("verdict refused")["not_logged"] == "3");
}

TEST_CASE("failed verdicts are limited in the log like refused ones") {
  registry_fixture s;
  const client noisy;
  s.announce({blocked(1)});
  for (std::size_t i = 0; i <= limits::log_max_lines; ++i) {
    noisy.ask(s, "c1:1");
    s.executor.answer(i, {false, "unreachable"});
  }
  CHECK(s.log.with("verdict failed").size() == limits::log_max_lines);
}

TEST_CASE("texts that a container chose are escaped in the audit line") {
  // Sanitised text may still hold backslashes, which would be read as escapes.
  registry_fixture s;
  protocol::event x;
  x.container = R"(c\x0a)";
  x.request_id = R"(\")";
  x.dest = R"(d\)";
  s.announce({actors::make_event(x)});
  s.ask(x.request_id, x.dest, "allow", x.container);
  s.executor.succeed(0);
  auto line = s.log.only("verdict applied");
  CHECK(line["container"] == R"(c\\x0a)");
  CHECK(line["request_id"] == R"(\\")");
  CHECK(line["dest"] == R"(d\\)");
}

} // namespace registry_audit_tests
