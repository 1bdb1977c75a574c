// --metrics: what Prometheus reads of a hub. Source: operator.md, section 6.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/net/http_client.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

namespace metrics_tests {

namespace {

using namespace clearance::test;

std::string value_in(const std::string& text, const std::string& sample) {
  const auto at = text.find("\n" + sample + " ");
  if (at == text.npos)
    return "none";
  const auto begin = at + sample.size() + 2;
  return text.substr(begin, text.find('\n', begin) - begin);
}

http_response scrape(raw_socket socket, const std::string& method = "GET",
                     const std::string& target = "/metrics") {
  return http_client{std::move(socket)}.call(http_request(method, target));
}

// The port that the log names.
std::uint16_t metrics_port_of(const child& server) {
  const std::string before = "metrics: serving metrics at=127.0.0.1:";
  server.await_err(before);
  const deadline guard;
  for (;;) {
    const auto log = server.err();
    const auto begin = log.find(before) + before.size();
    if (log.find('\n', begin) != log.npos)
      return static_cast<std::uint16_t>(std::stoi(log.substr(begin)));
    guard.pace("the end of a line", {server.pidfd()});
  }
}

} // namespace

TEST_CASE("the metrics of a hub are what happened, by every executor") {
  const temp_dir dir;
  const auto socket = dir / "metrics" / "m.sock";
  operation x{each_executor(), "exit 0", {}, {"--metrics", socket.string()}};
  auto subscriber = x.server.subscriber();
  block each;
  each.request_id = "c1:1";
  x.server.emit(each.line());
  const auto event = subscriber.next_event();
  auto client = x.server.client();
  client.verdict("c1", "c1:1", event.dest, "allow");
  const auto got = scrape(raw_socket{socket});
  CHECK(got.status == 200);
  CHECK(got.field("Content-Type")
        == "text/plain; version=0.0.4; charset=utf-8");
  const auto& text = got.body;
  CHECK(value_in(text, "terok_clearance_subscribers") == "1");
  CHECK(value_in(text, "terok_clearance_readers") != "none");
  const auto lines = value_in(text, "terok_clearance_reader_lines_total");
  CHECK(lines != "none");
  CHECK(lines != "0");
  CHECK(value_in(text, "terok_clearance_verdicts_total{result=\"applied\"}")
        == "1");
  CHECK(value_in(text, "terok_clearance_executions_total") == "1");
  CHECK(value_in(text, "terok_clearance_executions_failed_total") == "0");
  CHECK(value_in(text, "terok_clearance_execution_seconds_total") != "0");
  CHECK(value_in(text, "terok_clearance_policy_valid") == "1");
  CHECK(value_in(
            text,
            "terok_clearance_decisions_total{action=\"allow\",by=\"operator\"}")
        == "1");
  CHECK(value_in(text, "terok_clearance_decision_seconds_count") == "1");
  CHECK(value_in(text, "terok_clearance_audit_records_waiting") != "none");
  // No label is what a container chose.
  CHECK(text.find("c1") == text.npos);
  CHECK(text.find(event.dest) == text.npos);
  CHECK(scrape(raw_socket{socket}, "GET", "/").status == 404);
  CHECK(scrape(raw_socket{socket}, "POST").status == 405);
  CHECK(x.server.stop() == exited(0));
  CHECK_FALSE(std::filesystem::exists(socket));
}

TEST_CASE("the metrics are served at a port of this machine, in the sandbox") {
  const runtime where;
  hub_options options;
  options.arguments = {"--metrics", "127.0.0.1:0", "--sandbox", "required"};
  hub server{where, std::move(options)};
  const auto port = metrics_port_of(server.process());
  // Clients that say little, or never read, cost the others nothing.
  std::vector<raw_socket> dripping;
  for (int i = 0; i < 50; ++i)
    dripping.emplace_back(connect_tcp(port)).send("GET /met");
  auto deaf = connect_tcp(port);
  deaf.send(http_request("GET", "/metrics"));
  const auto got = scrape(connect_tcp(port));
  CHECK(got.status == 200);
  CHECK(value_in(got.body, "terok_clearance_events_total") != "none");
  CHECK(http_client{connect_tcp(port)}.call("no HTTP\r\n\r\n").status == 400);
  CHECK(server.stop() == exited(0));
}

TEST_CASE("a place that is no place for metrics ends the hub at its start") {
  for (const char* place : {"0.0.0.0:9464", "localhost:9464", "9464", "metrics",
                            "127.0.0.1:", "127.0.0.1:99999", "[::]:9464"}) {
    CAPTURE(place);
    const runtime where;
    hub_options options;
    options.arguments = {"--metrics", place};
    child server{serve(where, std::move(options))};
    CHECK(server.wait() == exited(2));
    CHECK(server.err().find("--metrics: `") != std::string::npos);
  }
}

TEST_CASE("promtool finds no fault in the metrics") {
  const std::string program = "/usr/bin/promtool";
  if (::access(program.c_str(), X_OK) != 0) {
    skipped("the Debian package prometheus is not installed");
    return;
  }
  const temp_dir dir;
  const auto socket = dir / "m.sock";
  const runtime where;
  hub_options options;
  options.arguments = {"--metrics", socket.string()};
  hub server{where, std::move(options)};
  const auto got = scrape(raw_socket{socket});
  child_options check;
  check.argv = {program, "check", "metrics"};
  check.stdin_bytes = got.body;
  child promtool{std::move(check)};
  const auto end = promtool.wait();
  CAPTURE(promtool.out());
  CAPTURE(promtool.err());
  CHECK(end == exited(0));
}

} // namespace metrics_tests
