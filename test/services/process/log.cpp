#include "services/process/log.hpp"

#include "protocol/text/text.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace log_tests {

using namespace clearance;
using actors::severity;
using namespace std::chrono_literals;
namespace limits = protocol::limits;

namespace {

std::string line(std::initializer_list<actors::log_field> fields) {
  return services::log_line(
      {severity::info, "part", "it happened", {fields.begin(), fields.size()}});
}

/// How one value is shown.
std::string shown(std::string_view value) {
  const std::string before = "part: it happened key=";
  auto text = line({{"key", value}});
  REQUIRE(text.starts_with(before));
  return text.substr(before.size());
}

} // namespace

TEST_CASE("a line has the component and all fields that have a value") {
  CHECK(line({}) == "part: it happened");
  CHECK(line({{"a", "1"}, {"none", ""}, {"b", "two words"}})
        == R"(part: it happened a=1 b="two words")");
}

TEST_CASE("a value that could be read as several words stands in quotes") {
  CHECK(shown("203.0.113.7:443/tcp") == "203.0.113.7:443/tcp");
  CHECK(shown("a b") == R"("a b")");
  CHECK(shown("a=b") == R"("a=b")");
  CHECK(shown(R"(c"q)") == R"("c\"q")");
  CHECK(shown(R"(")") == R"("\"")");
}

TEST_CASE("an escaped value is not escaped again") {
  CHECK(shown(protocol::escaped("a\nb")) == R"("a\x0ab")");
  CHECK(shown(protocol::escaped(R"(a\b)")) == R"("a\\b")");
  CHECK(shown(protocol::escaped(R"(\")")) == R"("\\\"")");
  CHECK(shown(protocol::escaped(R"(\x0a)")) == R"("\\x0a")");
}

TEST_CASE("a value that nobody escaped stays on one line and in its quotes") {
  CHECK(shown(R"(a\)") == R"("a\\")");
  CHECK(shown(R"(\")") == R"("\\\"")");
  CHECK(shown(R"(\x)") == R"("\\x")");
  CHECK(shown(R"(\xg0)") == R"("\\xg0")");
  CHECK(shown(R"(\x0"y)") == R"("\\x0\"y")");
  CHECK(shown("a\nb") == R"("a\x0ab")");
  CHECK(shown("\xc2\x9b") == R"("\xc2\x9b")");
}

TEST_CASE("a container cannot forge a field of a verdict") {
  // It names its requests: one name once read as an id and two fields more.
  CHECK(line({{"container", R"(c"q)"},
              {"request_id", R"(x" stderr="none" uid=1000)"},
              {"uid", "0"}})
        == R"(part: it happened container="c\"q")"
           R"( request_id="x\" stderr=\"none\" uid=1000" uid=0)");
}

TEST_CASE("an entry of the journal has the line and each field by itself") {
  const std::initializer_list<actors::log_field> fields{{"container", "c1"},
                                                        {"request_id", "c1:17"},
                                                        {"why", "two words"},
                                                        {"none", ""}};
  CHECK(services::journal_fields({severity::warning,
                                  "part",
                                  "it happened",
                                  {fields.begin(), fields.size()}},
                                 "terok-clearance")
        == std::vector<std::string>{
            "PRIORITY=4",
            "MESSAGE=part: it happened container=c1 request_id=c1:17 "
            "why=\"two words\"",
            "SYSLOG_IDENTIFIER=terok-clearance",
            "TEROK_COMPONENT=part",
            "CONTAINER=c1",
            "REQUEST_ID=c1:17",
            "TEROK_WHY=two words",
        });
}

TEST_CASE("every severity has its priority") {
  auto priority = [](severity x) {
    return services::journal_fields({x, "part", "it happened", {}}, "p")[0];
  };
  CHECK(priority(severity::debug) == "PRIORITY=7");
  CHECK(priority(severity::info) == "PRIORITY=6");
  CHECK(priority(severity::warning) == "PRIORITY=4");
  CHECK(priority(severity::error) == "PRIORITY=3");
}

TEST_CASE("only the stream that JOURNAL_STREAM names leads to the journal") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  struct stat info {};
  REQUIRE(::fstat(ends[1], &info) == 0);
  const auto device = std::to_string(info.st_dev);
  const auto inode = std::to_string(info.st_ino);
  auto leads = [&](const std::string& stream) {
    return services::leads_to_journal(stream.c_str(), ends[1]);
  };
  CHECK(leads(device + ":" + inode));
  CHECK_FALSE(leads(device + ":" + inode + "0"));
  CHECK_FALSE(leads("0" + device + ":" + inode));
  CHECK_FALSE(leads(device));
  CHECK_FALSE(leads(""));
  CHECK_FALSE(services::leads_to_journal(nullptr, ends[1]));
  CHECK_FALSE(services::leads_to_journal((device + ":" + inode).c_str(), -1));
  ::close(ends[0]);
  ::close(ends[1]);
}

// journald takes 10 000 lines in 30 s and drops the others unseen, whatever
// they are.
TEST_CASE("a process logs lines up to the bound, and every notice") {
  services::line_bound x;
  const protocol::time_point start{1h};
  auto fill = [&](std::size_t count, protocol::time_point now) {
    std::size_t logged = 0;
    while (x.admit(severity::warning, now))
      ++logged;
    CHECK(logged == count);
  };
  fill(limits::log_burst_max_lines, start);
  for (auto level : {severity::debug, severity::info, severity::warning})
    CHECK(x.admit(level, start) == std::nullopt);
  CHECK(x.admit(severity::notice, start) == 0);
  CHECK(x.admit(severity::info, start + limits::log_interval - 1ns)
        == std::nullopt);
  CHECK(x.admit(severity::info, start + limits::log_interval) == 5);
  fill(limits::log_max_lines_in_all - 1, start + limits::log_interval);
  fill(2 * limits::log_max_lines_in_all, start + 3 * limits::log_interval);
  fill(limits::log_burst_max_lines, start + 1h); // no more is saved up
  constexpr auto per_interval =
      limits::log_max_lines_in_all + limits::log_max_lines;
  CHECK(limits::log_burst_max_lines + 30 * per_interval < 10'000);
}

TEST_CASE("errors have a bound of their own") {
  services::line_bound x;
  const protocol::time_point start{1h};
  while (x.admit(severity::info, start)) {
    // nop: until nothing more is admitted
  }
  CHECK(x.admit(severity::error, start) == 1); // says what was left out
  for (std::size_t i = 1; i < limits::log_max_lines; ++i)
    CHECK(x.admit(severity::error, start) == 0);
  CHECK(x.admit(severity::error, start) == std::nullopt);
}

} // namespace log_tests
