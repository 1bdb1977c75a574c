#include "services/process/activation.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

namespace activation_tests {

using namespace clearance::services;

namespace {

using passed = std::vector<systemd::passed_socket>;
using fds = std::vector<int>;

const std::vector<std::string_view> two{"a", "b"};

fds matched(const passed& sockets,
            const std::vector<std::string_view>& names = two) {
  auto result = match_sockets(sockets, names);
  REQUIRE(std::holds_alternative<fds>(result));
  return std::get<fds>(result);
}

std::string fault(const passed& sockets,
                  const std::vector<std::string_view>& names = two) {
  auto result = match_sockets(sockets, names);
  REQUIRE(std::holds_alternative<std::string>(result));
  return std::get<std::string>(result);
}

} // namespace

TEST_CASE("sockets are told apart by their names, in whatever order") {
  CHECK(matched({{"a", 3}, {"b", 4}}) == fds{3, 4});
  CHECK(matched({{"b", 3}, {"a", 4}}) == fds{4, 3});
  CHECK(matched({{"a", 3}}, {"a"}) == fds{3});
}

TEST_CASE("no passed socket at all is no fault") {
  CHECK(matched({}).empty());
}

TEST_CASE(
    "a socket with a wrong name is named, with the names that are right") {
  const std::string takes = "; this service takes `a` and `b`, once each";
  CHECK(fault({{"a", 3}}) == "there is none named `b`" + takes);
  CHECK(fault({{"b", 3}}) == "there is none named `a`" + takes);
  CHECK(fault({{"a", 3}, {"a", 4}}) == "there are two named `a`" + takes);
  CHECK(fault({{"a", 3}, {"b", 4}, {"unknown", 5}})
        == "there is one named `unknown`" + takes);
  CHECK(fault({{"\x1b", 3}}) == R"(there is one named `\x1b`)" + takes);
  CHECK(fault({{"b", 3}}, {"a"})
        == "there is one named `b`; this service takes `a`, once");
  CHECK(fault({{"c", 3}}, {"x", "y", "z"})
        == "there is one named `c`; this service takes `x`, `y` and `z`, once "
           "each");
}

} // namespace activation_tests
