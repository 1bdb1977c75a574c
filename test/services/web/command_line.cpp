#include "services/web/web.hpp"

#include <doctest/doctest.h>

namespace web_command_line_tests {

using namespace clearance::services;

namespace {

using words = std::vector<std::string>;

web_config parsed_web(const words& x) {
  auto result = parse_web_command_line(x, "/run/user/7");
  REQUIRE(std::holds_alternative<web_config>(result));
  return std::get<web_config>(result);
}

bool is_web_refused(const words& x) {
  const auto result = parse_web_command_line(x, "/run/user/7");
  const auto* told = std::get_if<outcome>(&result);
  return told != nullptr && told->code == 2;
}

} // namespace

TEST_CASE("terok-clearance-web: every option is taken") {
  auto x = parsed_web({});
  CHECK(x.clearance_sockets.empty());
  CHECK(x.runtime_directory == "/run/user/7");
  CHECK(x.address.empty());
  CHECK(x.port == 0);
  CHECK(x.opens);
  x = parsed_web({"--clearance-socket", "b", "--clearance-socket", "a",
                  "--listen", "127.0.0.1:8080", "--no-open"});
  CHECK(x.clearance_sockets == words{"a", "b"});
  CHECK(x.address == "127.0.0.1");
  CHECK(x.port == 8080);
  CHECK_FALSE(x.opens);
  CHECK(parsed_web({"--listen", "127.9.8.7"}).port == 0);
}

TEST_CASE("terok-clearance-web serves on this machine alone") {
  for (const auto* address :
       {"", "0.0.0.0", "128.0.0.1", "192.168.1.1:80", "localhost", "::1",
        "[::1]:80", "127.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
        "127.0.0.1:8o", "127.0.0.1 ", ":80"}) {
    CAPTURE(address);
    CHECK(is_web_refused({"--listen", address}));
  }
  CHECK(is_web_refused({"--clearance-socket", ""}));
  CHECK(is_web_refused({"more"}));
}

} // namespace web_command_line_tests
