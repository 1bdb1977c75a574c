// org.terok.ClearanceShield1, as the executor calls it.

#include "test/actors/executor/helper_fixture.hpp"

#include <string>

namespace helper_abilities_tests {

using namespace clearance;
using namespace clearance::test;
using namespace std::string_literals;
using fixture = helper_fixture;

TEST_CASE("a verdict that ends by itself is a call of ClearanceShield1") {
  fixture s;
  s.caller.tell(s.executor,
                protocol::shield_call{protocol::action::allow, "c", "d", 60});
  s.run();
  CHECK(s.line(0).taken()
        == R"({"method":"org.terok.ClearanceShield1.Apply","parameters":)"
           R"({"container":"c","dest":"d","action":"allow","seconds":60}})"s
               + '\0');
  s.answer(0);
  CHECK(s.outcome().ok);
}

TEST_CASE("the helper is asked what its shield can do") {
  fixture s;
  auto asks = [&](const std::string& reply) {
    s.caller.tell(s.executor, actors::abilities_atom::value);
    s.run();
    CHECK(s.line(0).flush_taken()
          == R"({"method":"org.terok.ClearanceShield1.Capabilities",)"
             R"("parameters":{}})"s
                 + '\0');
    s.answer(0, reply);
    return s.caller.only<actors::shield_abilities_answer>();
  };
  auto answer = asks(R"({"parameters":{"words":["for","exact-names"]}})");
  CHECK(answer.is_known);
  CHECK(answer.abilities
        == protocol::shield_abilities{.seconds = true, .exact_names = true});
  // an older helper
  answer = asks(R"({"error":"org.varlink.service.InterfaceNotFound",)"
                R"("parameters":{"interface":"org.terok.ClearanceShield1"}})");
  CHECK(answer.is_known);
  CHECK(answer.abilities == protocol::shield_abilities{});
}

TEST_CASE("a helper that is away says nothing of its shield") {
  fixture s;
  s.caller.tell(s.executor, actors::abilities_atom::value);
  s.run();
  s.end(0);
  CHECK_FALSE(s.caller.only<actors::shield_abilities_answer>().is_known);
}

} // namespace helper_abilities_tests
