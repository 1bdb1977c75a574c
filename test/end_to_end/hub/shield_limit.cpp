// The limits of 10 s and 12 s. Source: clearance.md, section 6. One test case
// waits for all limits at the same time, so it takes only as long as the
// longest limit.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/doubles/fake_server.hpp"

#include <doctest/doctest.h>

#include <poll.h>

namespace shield_limit_tests {

namespace {

using namespace clearance::test;

/// Longer than hang_guard: limits of 12 s on a busy machine.
constexpr std::chrono::seconds patient{40};

void announce_and_allow(hub& server, varlink_client& caller) {
  auto watcher = server.subscriber();
  server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  caller.send_verdict("c1", "c1:1", "203.0.113.7", "allow");
}

varlink_reply patient_reply(varlink_client& caller) {
  deadline{patient}.await(caller.socket().fd(), POLLIN, "the limit");
  return caller.next_reply();
}

} // namespace

TEST_CASE("a hanging shield and its grandchild are killed at the limit, and a "
          "silent helper's verdict fails") {
  operation in_hub{executor::hub, "leave hang"};
  operation in_helper{executor::helper, "ignore-term leave hang"};
  const runtime elsewhere;
  // A helper that accepts calls and never answers.
  const fake_server silent{elsewhere.verdict()};
  hub forsaken{elsewhere};

  auto first = in_hub.server.client();
  auto second = in_helper.server.client();
  auto third = forsaken.client();
  announce_and_allow(in_hub.server, first);
  announce_and_allow(in_helper.server, second);
  announce_and_allow(forsaken, third);
  in_hub.shield.next_run();
  in_helper.shield.next_run();

  const auto timed_out =
      failure("org.terok.Clearance1.ShieldCliFailed",
              {{"action", "allow"}, {"stderr", "timed out after 10.0s"}});
  CHECK(patient_reply(first) == timed_out);
  CHECK(patient_reply(second) == timed_out);
  in_hub.shield.await_all_gone();
  in_helper.shield.await_all_gone();
  const auto given_up = patient_reply(third);
  CHECK(given_up.error == "org.terok.Clearance1.ShieldCliFailed");
  CHECK(given_up.parameters["stderr"].text().starts_with(
      "verdict helper unreachable: "));

  // The requests are live again.
  in_hub.shield.behave("exit 0");
  in_helper.shield.behave("exit 0");
  for (auto x : {&in_hub, &in_helper})
    CHECK(x->server.client().verdict("c1", "c1:1", "203.0.113.7", "deny")
          == success(R"({"ok":true})"));
}

} // namespace shield_limit_tests
