// What a hub writes to its audit trail, and when a verdict waits for that.
// Source: operator.md, sections 5 and 8.

#include "protocol/operator/limits.hpp"
#include "test/support/fixture/operators_fixture.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace audit_tests {

using namespace clearance;
using namespace clearance::test;
using actors::audit_mode;
using words = std::vector<std::string>;
namespace operator_limits = protocol::operator_limits;

namespace {

struct audited_hub : operators_fixture {
  explicit audited_hub(audit_mode mode) : operators_fixture({}, {}, mode) {
    block("web", "r1", "pypi.org");
    audit->records.clear();
  }

  fake_connection_ptr decide() {
    auto result = client();
    call(result, "Decide", decision(1, 1));
    return result;
  }

  fake_connection_ptr verdict(const std::string& dest = "pypi.org") {
    auto result = client();
    result->bring({R"({"method":"org.terok.Clearance1.Verdict","parameters":)"
                   R"({"container":"web","request_id":"r1","dest":")"
                   + dest + R"(","action":"allow"}})"});
    run();
    return result;
  }

  void written(std::size_t index, const std::string& why = {}) {
    audit->waiting.at(index)(why);
    run();
  }
};

std::string reply_of(const fake_connection_ptr& x) {
  return x->flush_taken();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("a decision is recorded before it is executed, and its result") {
  audited_hub s{audit_mode::behind};
  const auto client = s.decide();
  REQUIRE_EQ(s.audit->records.size(), 1);
  const auto asked = s.audit->records[0];
  CHECK(asked.event == protocol::audit_event::decision_asked);
  CHECK_EQ(asked.request_id, "r1");
  REQUIRE(asked.decision);
  CHECK_EQ(asked.decision->prompt, "boot-1");
  CHECK_EQ(asked.decision->container, "web");
  CHECK_EQ(asked.decision->target, "pypi.org");
  CHECK(asked.decision->action == protocol::action::allow);
  CHECK(asked.decision->by.what == protocol::decider::kind::operator_client);
  CHECK(asked.decision->result == protocol::decision_result::pending);
  s.audit->records.clear();
  s.executor.answer(0, {false, "no container"});
  REQUIRE_EQ(s.audit->records.size(), 1);
  const auto result = s.audit->records[0];
  CHECK(result.event == protocol::audit_event::decision_result);
  CHECK(result.decision->result == protocol::decision_result::failed);
  CHECK_EQ(result.decision->error, "no container");
}

TEST_CASE("a verdict of Clearance1 is recorded, and one that is refused") {
  audited_hub s{audit_mode::behind};
  s.verdict("elsewhere.org");
  REQUIRE_EQ(s.audit->records.size(), 1);
  CHECK(s.audit->records[0].event == protocol::audit_event::refusal);
  CHECK_EQ(s.audit->records[0].text, "VerdictTupleMismatch");
  CHECK_EQ(s.audit->records[0].target, "elsewhere.org");
  s.audit->records.clear();
  s.verdict();
  s.executor.succeed(0);
  REQUIRE_EQ(s.audit->records.size(), 2);
  CHECK_EQ(s.audit->records[1].decision->target, "pypi.org");
  CHECK(s.audit->events() == words{"decision_asked", "decision_result"});
}

TEST_CASE("a verdict is executed when its record is written") {
  audited_hub s{audit_mode::required};
  const auto client = s.decide();
  CHECK(s.executor.calls().empty());
  s.written(0);
  REQUIRE_EQ(s.executor.calls().size(), 1);
  s.executor.succeed(0);
  CHECK(has(reply_of(client), R"("result":"applied")"));
}

TEST_CASE(
    "without its record a required verdict is not executed, and is live") {
  audited_hub s{audit_mode::required};
  auto client = s.verdict();
  s.written(0, "No space left on device");
  CHECK(s.executor.calls().empty());
  CHECK(has(reply_of(client), "audit: No space left on device"));
  client = s.decide();
  s.written(1, "No space left on device");
  const auto reply = reply_of(client);
  CHECK(has(reply, "DecisionFailed"));
  CHECK(has(reply, "audit: No space left on device"));
  CHECK(s.executor.calls().empty());
  // There is room again.
  s.call(client, "Decide", operators_fixture::decision(1, 1));
  s.written(2);
  s.executor.succeed(0);
  CHECK(has(reply_of(client), R"("result":"applied")"));
}

TEST_CASE("a disk that does not answer within two seconds is a failed record") {
  audited_hub s{audit_mode::required};
  const auto client = s.verdict();
  s.advance(operator_limits::audit_deadline);
  CHECK(s.executor.calls().empty());
  CHECK(has(reply_of(client), "ShieldCliFailed"));
  s.written(0); // too late
  CHECK(s.executor.calls().empty());
  // The request is live.
  s.verdict();
  s.written(1);
  CHECK_EQ(s.executor.calls().size(), 1);
}

TEST_CASE(
    "where records are not required a verdict goes on without its record") {
  audited_hub s{audit_mode::first};
  s.verdict();
  CHECK(s.executor.calls().empty());
  s.written(0, "No space left on device");
  CHECK_EQ(s.executor.calls().size(), 1);
}

TEST_CASE("automatic denies, loads and clients that watch are recorded") {
  audited_hub s{audit_mode::behind};
  auto rules = std::make_shared<protocol::policy>();
  rules->fallback = protocol::policy_action::deny;
  caf::anon_send(s.prompts, actors::policy_loaded{rules, "no rules"});
  s.run();
  CHECK(s.audit->events() == words{"policy_load", "decision_result"});
  caf::anon_send(s.prompts, actors::policy_loaded{nullptr, "a fault"});
  s.run();
  REQUIRE_EQ(s.audit->records.size(), 1);
  CHECK_FALSE(s.audit->records[0].ok);
  CHECK_EQ(s.audit->records[0].text, "a fault");
  s.audit->records.clear();
  const auto watcher = s.watch(R"({"name":"terminal"})");
  REQUIRE_EQ(s.audit->records.size(), 1);
  CHECK_EQ(s.audit->records[0].by->name, "terminal");
  watcher->hang_up();
  s.run();
  CHECK(s.audit->events() == words{"operator_came", "operator_went"});
  CHECK(s.executor.calls().empty());
}

TEST_CASE("what a refused operator wanted is recorded") {
  audited_hub s{audit_mode::behind};
  s.ask("Decide", operators_fixture::decision(1, 7));
  REQUIRE_EQ(s.audit->records.size(), 1);
  CHECK_EQ(s.audit->records[0].text, "PromptChanged boot-1");
  CHECK_EQ(s.audit->records[0].container, "web");
  CHECK_EQ(s.audit->records[0].target, "pypi.org");
}

TEST_CASE("a client that is refused all the time does not fill the trail") {
  audited_hub s{audit_mode::behind};
  constexpr auto max = operator_limits::audit_limited_records_max;
  for (std::size_t i = 0; i < max + 5; ++i)
    s.verdict("elsewhere.org");
  CHECK_EQ(s.audit->events().size(), max);
  s.advance(protocol::limits::log_interval);
  s.verdict("elsewhere.org");
  REQUIRE_EQ(s.audit->records.size(), 1);
  CHECK_EQ(s.audit->records[0].count, 5);
}

TEST_CASE("operators see how the audit trail is") {
  audited_hub s{audit_mode::behind};
  const auto client = s.watch();
  CHECK(has(reply_of(client), R"("audit":"/trail")"));
  s.audit->observer("/trail; cannot be written");
  s.run();
  CHECK(has(reply_of(client), R"("audit":"/trail; cannot be written")"));
}

TEST_CASE("a hub without an audit trail says so") {
  operators_fixture s;
  CHECK(has(reply_of(s.watch()), R"("audit":"none")"));
}

} // namespace audit_tests
