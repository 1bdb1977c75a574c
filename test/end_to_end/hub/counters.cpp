// Everything that is dropped, lost or refused is counted, and SIGUSR1 writes
// the counters to the log. Operators search for these words. Source:
// clearance.md, sections 2, 4 and 5.

#include "test/end_to_end/world/deployment.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <signal.h>

namespace counters_tests {

namespace {

using namespace clearance::test;

/// The current counters: all their log lines.
std::string counters_of(hub& server,
                        std::string_view last = "verdicts_refused") {
  const auto before = server.process().err().size();
  server.process().kill(SIGUSR1);
  const deadline guard;
  for (;;) {
    auto log = server.process().err().substr(before);
    if (log.find(last) != std::string::npos && log.ends_with('\n')
        && log.find(" lines=") != std::string::npos)
      return log;
    guard.pace("the counters in " + log, {server.process().pidfd()});
  }
}

long counter(const std::string& counters, const std::string& name) {
  const auto at = counters.find(" " + name + "=");
  CAPTURE(counters);
  REQUIRE(at != std::string::npos);
  return std::stol(counters.substr(at + name.size() + 2));
}

} // namespace

TEST_CASE("every way to drop or repair a line has its counter") {
  const runtime where;
  hub_options options;
  options.arguments = {"--only-container", "c1"};
  options.mark_container = "c1";
  hub server{where, std::move(options)};
  auto watcher = server.subscriber();
  const auto before = counters_of(server);
  const std::string repeat[] = {
      "bad\n",
      std::string(300'000, 'x') + "\n",
      "{\"type\":\"shield_up\",\"container\":\"c1\",\"x\":\"\xff\"}\n",
      R"({"type":"unheard-of","container":"c1"})"
      "\n",
      plain_line("shield_up", "c2"),
  };
  const char* names[] = {"malformed", "overlong", "repaired", "unknown",
                         "foreign"};
  std::string lines;
  for (std::size_t i = 0; i < std::size(repeat); ++i)
    for (std::size_t n = 0; n <= i; ++n)
      lines += repeat[i];
  server.emit(lines);
  watcher.events_until(server.mark());
  const auto after = counters_of(server);
  for (std::size_t i = 0; i < std::size(names); ++i) {
    CAPTURE(names[i]);
    CHECK(counter(after, names[i]) - counter(before, names[i])
          == static_cast<long>(i + 1));
  }
}

TEST_CASE("a slow subscriber's losses are counted exactly") {
  const runtime where;
  hub server{where};
  auto stuck = server.subscriber();
  auto watcher = server.subscriber();
  stuck.await_mark(watcher.last_mark());
  CHECK(counter(counters_of(server), "events_lost") == 0);
  constexpr int rounds = 100, count = 100;
  for (int round = 0; round < rounds; ++round) {
    std::string lines;
    for (int i = 0; i < count; ++i)
      lines += plain_line("shield_up", "c1");
    server.emit(lines);
    for (int i = 0; i < count; ++i)
      watcher.next_event();
  }
  const auto counters = counters_of(server);
  const auto lost = counter(counters, "events_lost");
  CHECK(counter(counters, "subscribers") == 2);
  CHECK(lost > 0);
  // All other events arrive.
  const auto end = server.mark();
  const auto got = static_cast<long>(stuck.events_until(end).size());
  CHECK(got <= rounds * count - lost);
  CHECK(got >= rounds * count - lost - 1); // the mark may push out one more
  // The sum still has the losses of the client that left.
  { const auto leaving = std::move(stuck); }
  const deadline guard;
  while (counter(counters_of(server), "subscribers") != 1)
    guard.pace("the leaving");
  CHECK(counter(counters_of(server), "events_lost") >= lost);
}

TEST_CASE("requests and verdicts are counted") {
  operation x{executor::hub};
  auto watcher = x.server.subscriber();
  auto caller = x.server.client();
  for (int i = 0; i < 3; ++i) {
    block one;
    one.request_id = std::to_string(i);
    x.server.emit(one.line());
    CHECK(watcher.next_event() == one.event());
  }
  caller.verdict("c1", "0", "203.0.113.7", "allow");
  x.shield.behave("exit 1");
  caller.verdict("c1", "1", "203.0.113.7", "allow");
  caller.verdict("c1", "no", "203.0.113.7", "allow");
  const auto counters = counters_of(x.server);
  CHECK(counter(counters, "verdicts_applied") == 1);
  CHECK(counter(counters, "verdicts_failed") == 1);
  CHECK(counter(counters, "verdicts_refused") == 1);
  CHECK(counter(counters, "open_requests") == 2);
  CHECK(counter(counters, "open_requests_evicted") == 0);
  // The hub goes on after the signal.
  x.server.emit(plain_line("shield_up", "c1"));
  while (watcher.next_event().type != "shield_up")
    ;
  CHECK(x.server.stop() == exited(0));
}

TEST_CASE("requests pushed out by their container's flood are counted") {
  operation x{executor::hub};
  auto watcher = x.server.subscriber();
  block one;
  constexpr int count = 6000;
  for (int i = 0; i < count; i += 100) {
    std::string lines;
    for (int j = i; j < i + 100; ++j) {
      one.request_id = std::to_string(j);
      lines += one.line();
    }
    x.server.emit(lines);
    for (int j = 0; j < 100; ++j)
      watcher.next_event();
  }
  const auto counters = counters_of(x.server);
  CHECK(counter(counters, "open_requests_evicted") > 0);
  CHECK(counter(counters, "open_requests_evicted")
            + counter(counters, "open_requests")
        == count);
}

TEST_CASE("the helper writes its counters too") {
  operation x{executor::helper};
  x.helper->kill(SIGUSR1);
  x.helper->await_err("counters");
}

} // namespace counters_tests
