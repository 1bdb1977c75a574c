#include "services/log.hpp"

#include "protocol/text.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

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

} // namespace log_tests
