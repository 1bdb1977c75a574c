#include "protocol/gate/push_report.hpp"

#include "protocol/gate/limits.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <vector>

namespace push_report_tests {

using namespace clearance::protocol;

namespace {

std::string packet(const std::string& payload) {
  char length[5];
  std::snprintf(length, sizeof(length), "%04zx", payload.size() + 4);
  return length + payload;
}

std::string band(char number, const std::string& text) {
  return packet(number + text);
}

push_report read(const std::string& bytes) {
  push_report result;
  result.feed(bytes);
  return result;
}

const std::string report = packet("unpack ok\n") + packet("ok refs/heads/a\n")
                           + packet("ng refs/heads/b hook declined\n")
                           + packet("ng refs/heads/c stale info\n") + "0000";

void check_declined(const push_report& x) {
  CHECK_EQ(x.declined(), 2);
  CHECK_EQ(x.first_declined(), "refs/heads/b hook declined");
}

} // namespace

TEST_CASE("declined refs are found, with side bands and without") {
  check_declined(read(report));
  check_declined(read(band(1, report) + "0000"));
  // The report is cut anywhere between side bands.
  for (std::size_t n = 1; n < report.size(); ++n)
    check_declined(read(band(1, report.substr(0, n)) + band(1, report.substr(n))
                        + "0000"));
}

TEST_CASE("an answer is read in pieces of any size") {
  const auto whole =
      band(2, "no\nnev") + band(1, report) + band(2, "er\n") + "0000";
  const auto check = [](const push_report& x) {
    check_declined(x);
    CHECK(x.said() == std::vector<std::string>{"no", "never"});
  };
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    push_report x;
    x.feed(std::string_view(whole).substr(0, n));
    x.feed(std::string_view(whole).substr(n));
    check(x);
  }
  push_report x;
  for (const char c : whole)
    x.feed({&c, 1});
  check(x);
}

TEST_CASE("a push that is taken declines nothing") {
  const auto x =
      read(band(1, packet("unpack ok\n") + packet("ok refs/heads/a\n") + "0000")
           + "0000");
  CHECK_EQ(x.declined(), 0);
  CHECK_EQ(x.first_declined(), "");
}

TEST_CASE("progress is not among what was said") {
  CHECK(read(band(2, "Checking: 1%\rChecking: 100%\rChecking: done.\nhook\n\n"))
            .said()
        == std::vector<std::string>{"Checking: done.", "hook"});
}

TEST_CASE("what was said is bounded, in lines and in bytes") {
  std::string text;
  for (std::size_t i = 0; i < gate_limits::backend_log_max_lines + 1; ++i)
    text +=
        std::string(gate_limits::backend_log_line_max_bytes + 1, 'x') + '\n';
  const auto x = read(band(2, text));
  REQUIRE_EQ(x.said().size(), gate_limits::backend_log_max_lines);
  CHECK_EQ(x.said().back().size(), gate_limits::backend_log_line_max_bytes);
}

TEST_CASE("what is no answer is read no further") {
  for (const std::string bad :
       {"0001", "0003", "fff1", "xxxx", "-001", "+005", " 005", "0x05"}) {
    INFO(bad);
    CHECK_EQ(read(bad + report).declined(), 0);
    CHECK_EQ(read(band(1, bad + report)).declined(), 0);
  }
  CHECK_EQ(read("0004" + report).declined(), 2);
  CHECK_EQ(read("0000" + report).declined(), 2);
}

} // namespace push_report_tests
