#include "services/client/reader_lines.hpp"

#include "protocol/hub/reader_line.hpp"

#include <doctest/doctest.h>

namespace reader_lines_tests {

using namespace clearance::services;
using clearance::protocol::event;
using clearance::protocol::reader_line_parser;

namespace {

std::string line_of(const emit_line& x) {
  std::string out;
  append_line(out, x);
  return out;
}

emit_line block() {
  emit_line x;
  x.type = "connection_blocked";
  x.container = "c";
  x.request_id = "c:1";
  x.dest = "1.2.3.4";
  x.port = 443;
  return x;
}

} // namespace

TEST_CASE("a block's line has all required members") {
  CHECK(line_of(block())
        == R"({"type":"connection_blocked","container":"c","id":"c:1",)"
           R"("dest":"1.2.3.4","port":443,"proto":6})"
           "\n");
}

TEST_CASE("a block's line may have optional members") {
  auto x = block();
  x.domain = "a.b";
  x.dossier = {{"k", "v \"w\""}, {"l", ""}};
  CHECK(line_of(x)
        == R"({"type":"connection_blocked","container":"c","id":"c:1",)"
           R"("dest":"1.2.3.4","port":443,"proto":6,"domain":"a.b",)"
           R"("dossier":{"k":"v \"w\"","l":""}})"
           "\n");
}

TEST_CASE("other lines have no fields of a block") {
  emit_line x;
  x.type = "container_exited";
  x.container = "c";
  x.reason = "oom";
  CHECK(line_of(x)
        == "{\"type\":\"container_exited\",\"container\":\"c\","
           "\"reason\":\"oom\"}\n");
}

TEST_CASE("the hub understands every line that can be made") {
  auto x = block();
  x.domain = "a.b";
  x.dossier = {{"k\n", "v"}};
  reader_line_parser parser;
  event y;
  auto line = line_of(x);
  line.pop_back();
  REQUIRE(parser.parse(line, line.size(), y)
          == reader_line_parser::outcome::complete);
  CHECK(y.request_id == "c:1");
  CHECK(y.target() == "a.b");
  CHECK(y.dossier == clearance::protocol::dossier{{"k\n", "v"}});
  for (const char* type : {"container_started", "container_exited", "shield_up",
                           "shield_down", "shield_disengaged"}) {
    emit_line z;
    z.type = type;
    z.container = "c";
    auto other = line_of(z);
    other.pop_back();
    REQUIRE(parser.parse(other, other.size(), y)
            == reader_line_parser::outcome::complete);
    CHECK(to_string(y.type) == type);
  }
}

TEST_CASE("generated request ids name the container and differ") {
  auto id = make_request_id("6f1d2c3b4a59ffff");
  CHECK(id.starts_with("6f1d2c3b4a59:"));
  CHECK(id.size() > 13);
  CHECK(id != make_request_id("6f1d2c3b4a59ffff"));
}

} // namespace reader_lines_tests
