#include "services/process/log_queue.hpp"

#include "protocol/base/log_limits.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace log_queue_tests {

using namespace clearance;
using actors::severity;
using services::log_queue;
using services::lost_lines;
using services::queued_line;
namespace log_limits = protocol::log_limits;

namespace {

constexpr auto max_lines = log_limits::queue_max_lines;
constexpr auto max_bytes = log_limits::queue_max_bytes;

queued_line line(severity level, std::string text = {}) {
  return {level, {}, std::move(text)};
}

void fill(log_queue& x, severity level, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    x.push(line(level));
}

/// How many lines of `level` come out.
std::size_t drain(log_queue& x, severity level) {
  std::size_t result = 0;
  while (auto each = x.pop())
    result += each->level == level ? 1 : 0;
  return result;
}

} // namespace

TEST_CASE("lines come out in the order they went in, whatever their severity") {
  log_queue x;
  const std::vector<severity> levels{severity::notice,  severity::debug,
                                     severity::error,   severity::info,
                                     severity::warning, severity::debug};
  for (std::size_t i = 0; i < levels.size(); ++i)
    x.push(line(levels[i], std::to_string(i)));
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto each = x.pop();
    REQUIRE(each.has_value());
    CHECK(each->text == std::to_string(i));
    CHECK(each->level == levels[i]);
  }
  CHECK_FALSE(x.pop().has_value());
  CHECK(x.lost() == lost_lines{});
}

TEST_CASE(
    "lines wait up to the bound; the next one of the same severity is lost") {
  log_queue x;
  fill(x, severity::info, max_lines);
  CHECK(x.lost() == lost_lines{});
  CHECK(x.lines() == max_lines);
  x.push(line(severity::info, "one more"));
  CHECK(x.lost() == lost_lines{1, 0});
  CHECK(x.lines() == max_lines);
  // The first lines often name the cause.
  while (auto each = x.pop())
    CHECK(each->text != "one more");
}

TEST_CASE("a line takes the place of one of lower severity, never of another") {
  const std::vector<severity> levels{severity::debug, severity::info,
                                     severity::warning, severity::error,
                                     severity::notice};
  for (std::size_t waiting = 0; waiting < levels.size(); ++waiting)
    for (std::size_t coming = 0; coming < levels.size(); ++coming) {
      CAPTURE(waiting);
      CAPTURE(coming);
      log_queue x;
      fill(x, levels[waiting], max_lines);
      x.push(line(levels[coming], "it"));
      const bool is_taken = coming > waiting;
      const bool is_notice =
          levels[is_taken ? waiting : coming] == severity::notice;
      CHECK(x.lost() == lost_lines{1, is_notice ? 1U : 0U});
      bool found = false;
      while (auto each = x.pop())
        found = found || each->text == "it";
      CHECK(found == is_taken);
    }
}

TEST_CASE("the audit trail is lost last") {
  log_queue x;
  for (std::size_t i = 0; i < max_lines; ++i) {
    x.push(line(severity::notice));
    fill(x, severity::debug, 1);
    fill(x, severity::warning, 1);
    fill(x, severity::error, 1);
  }
  CHECK(x.lost() == lost_lines{3 * max_lines, 0});
  CHECK(drain(x, severity::notice) == max_lines);
}

TEST_CASE("debug goes before info, info before warnings, warnings before "
          "errors") {
  log_queue x;
  const auto quarter = max_lines / 4;
  fill(x, severity::error, quarter);
  fill(x, severity::debug, quarter);
  fill(x, severity::warning, quarter);
  fill(x, severity::info, quarter);
  fill(x, severity::notice, quarter + quarter / 2);
  log_queue counted = x;
  CHECK(drain(counted, severity::debug) == 0);
  counted = x;
  CHECK(drain(counted, severity::info) == quarter / 2);
  counted = x;
  CHECK(drain(counted, severity::warning) == quarter);
  counted = x;
  CHECK(drain(counted, severity::error) == quarter);
}

TEST_CASE("the bytes that wait are bounded, too") {
  log_queue x;
  const std::string half(max_bytes / 2 - sizeof(queued_line), 'x');
  x.push(line(severity::warning, half));
  x.push(line(severity::warning, half));
  CHECK(x.bytes() == max_bytes);
  CHECK(x.lost() == lost_lines{});
  x.push(line(severity::warning));
  CHECK(x.lost() == lost_lines{1, 0});
  x.push(line(severity::notice));
  CHECK(x.lost() == lost_lines{2, 0});
  CHECK(x.lines() == 2);
  // Nothing else makes room for a line that never fits.
  x.push(line(severity::notice, std::string(max_bytes, 'x')));
  CHECK(x.lost() == lost_lines{3, 1});
  CHECK(x.lines() == 2);
  while (x.pop())
    continue;
  CHECK(x.bytes() == 0);
}

TEST_CASE("fields count as bytes") {
  log_queue x;
  auto big = line(severity::info);
  big.fields.assign(4, std::string(max_bytes / 4, 'x'));
  x.push(big);
  CHECK(x.lost() == lost_lines{1, 0});
}

TEST_CASE("once the count is taken it begins at 0 again") {
  log_queue x;
  x.count_lost(severity::notice);
  x.add_lost({5, 2});
  CHECK(x.take_lost() == lost_lines{6, 3});
  CHECK(x.take_lost() == lost_lines{});
}

} // namespace log_queue_tests
