#include "services/log.hpp"

#include "protocol/text.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace log_tests {

using namespace clearance;
using actors::severity;

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

TEST_CASE("a line names the part and all fields that have a value") {
  CHECK(line({}) == "part: it happened");
  CHECK(line({{"a", "1"}, {"none", ""}, {"b", "two words"}})
        == R"(part: it happened a=1 b="two words")");
}

TEST_CASE("a value that could be read as more stands in quotes") {
  CHECK(shown("203.0.113.7:443/tcp") == "203.0.113.7:443/tcp");
  CHECK(shown("a b") == R"("a b")");
  CHECK(shown("a=b") == R"("a=b")");
  CHECK(shown(R"(c"q)") == R"("c\"q")");
  CHECK(shown(R"(")") == R"("\"")");
}

TEST_CASE("what is escaped already is not escaped again") {
  CHECK(shown(protocol::escaped("a\nb")) == R"("a\x0ab")");
  CHECK(shown(protocol::escaped(R"(a\b)")) == R"("a\\b")");
  CHECK(shown(protocol::escaped(R"(\")")) == R"("\\\"")");
  CHECK(shown(protocol::escaped(R"(\x0a)")) == R"("\\x0a")");
}

TEST_CASE("what nobody escaped stays one line and inside its quotes") {
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

TEST_CASE("only what JOURNAL_STREAM names leads to the journal") {
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

} // namespace log_tests
