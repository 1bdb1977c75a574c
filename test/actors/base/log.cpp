#include "actors/base/log.hpp"

#include "actors/base/log_limiter.hpp"
#include "test/support/fixture/log_record.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace log_tests {

using namespace clearance;
using namespace std::chrono_literals;
using actors::severity;
namespace limits = protocol::limits;

TEST_CASE("without a sink nothing is logged") {
  CHECK_FALSE(actors::logs(severity::error));
  actors::log(severity::error, "part", "nobody hears this");
}

TEST_CASE("a line reaches the sink with all its fields") {
  test::log_record record;
  actors::log(severity::warning, "part", "it happened",
              {{"who", "x"}, {"empty", ""}});
  auto line = record.only("it happened");
  CHECK(line.level == severity::warning);
  CHECK(line.component == "part");
  CHECK(line.fields.size() == 2);
  CHECK(line["who"] == "x");
  CHECK(line["empty"] == "");
}

TEST_CASE("a line below the threshold is not logged") {
  constexpr severity all[] = {severity::debug, severity::info,
                              severity::warning, severity::error};
  for (auto threshold : all) {
    test::log_record record{threshold};
    for (auto level : all) {
      actors::log(level, "part", "it happened");
      CHECK(actors::logs(level) == (level >= threshold));
    }
    std::size_t expected = 0;
    for (auto level : all)
      expected += level >= threshold ? 1 : 0;
    CHECK(record.all().size() == expected);
    CHECK(record.all().front().level == threshold);
  }
}

TEST_CASE("a notice is logged at every log level") {
  test::log_record record{severity::error};
  actors::log(severity::notice, "part", "who did what");
  CHECK(record.only("who did what").level == severity::notice);
}

TEST_CASE("a limiter allows 64 lines in an interval, not 65") {
  actors::log_limiter x;
  protocol::time_point start{1h};
  for (std::size_t i = 0; i < limits::log_max_lines; ++i)
    CHECK(x.allow(start));
  CHECK(x.take_withheld() == 0);
  CHECK_FALSE(x.allow(start));
  CHECK_FALSE(x.allow(start + limits::log_interval - 1ns));
  CHECK(x.take_withheld() == 2);
  CHECK(x.take_withheld() == 0);
}

TEST_CASE("a limiter counts anew in the next interval") {
  actors::log_limiter x;
  protocol::time_point start{1h};
  for (std::size_t i = 0; i < limits::log_max_lines + 7; ++i)
    x.allow(start);
  CHECK(x.allow(start + limits::log_interval));
  CHECK(x.take_withheld() == 7);
  for (std::size_t i = 1; i < limits::log_max_lines; ++i)
    CHECK(x.allow(start + limits::log_interval));
  CHECK_FALSE(x.allow(start + limits::log_interval));
}

// Many peers may each cause a few lines, or one peer may connect again and
// again.
TEST_CASE("many limiters allow 128 lines in an interval together, not 129") {
  const auto whole = actors::limiter_of_all();
  protocol::time_point start{1h};
  std::size_t logged = 0;
  while (logged < limits::log_max_lines_of_all) {
    actors::log_limiter x{limits::log_max_lines, whole};
    for (std::size_t i = 0; i < 32; ++i)
      CHECK(x.allow(start));
    CHECK(x.take_rest(start) == 0);
    logged += 32;
  }
  actors::log_limiter late{limits::log_max_lines, whole};
  CHECK_FALSE(late.allow(start));
  CHECK_FALSE(late.allow(start));
  // not even the line with the number is allowed
  CHECK(late.take_rest(start) == 0);
  actors::log_limiter next{limits::log_max_lines, whole};
  CHECK(next.allow(start + limits::log_interval));
  CHECK(next.take_withheld() == 0);
  // the number is counted for the others
  CHECK(next.take_rest_of_others() == 2);
  CHECK(next.take_rest_of_others() == 0);
}

TEST_CASE(
    "at its end a limiter reports what it withheld, if a line is allowed") {
  const auto whole = actors::limiter_of_all();
  protocol::time_point start{1h};
  actors::log_limiter x{1, whole};
  CHECK(x.allow(start));
  CHECK_FALSE(x.allow(start));
  CHECK(x.take_rest(start) == 1);
  CHECK(x.take_rest(start) == 0);
  CHECK(x.take_rest_of_others() == 0);
}

} // namespace log_tests
