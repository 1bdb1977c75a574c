#include "actors/base/error.hpp"

#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <doctest/doctest.h>

#include <string>

namespace error_tests {

using namespace clearance::actors;

TEST_CASE("an error of ours has the text that it was made with") {
  auto x = make_error(errc::bind_failed, "/run/x: the reader socket is taken");
  CHECK(what(x) == "/run/x: the reader socket is taken");
}

TEST_CASE("copies of an error have the same text") {
  auto x = make_error(errc::connect_failed, "Connection refused");
  auto copy = x;
  x = caf::none;
  CHECK(what(copy) == "Connection refused");
}

TEST_CASE("errors are compared by their code and not by their text") {
  CHECK(make_error(errc::bind_failed, "a") == make_error(errc::bind_failed));
  CHECK(make_error(errc::bind_failed) != make_error(errc::connect_failed));
}

TEST_CASE("our error codes differ from CAF's") {
  for (auto code : {errc::bind_failed, errc::connect_failed}) {
    auto raw = static_cast<std::uint8_t>(code);
    CHECK(make_error(code) != static_cast<caf::exit_reason>(raw));
    CHECK(make_error(code) != static_cast<caf::sec>(raw));
    CHECK(make_error(code)); // no code means "no error"
  }
}

TEST_CASE("an error without a text is described by its code") {
  CHECK(what(make_error(errc::bind_failed)).find("clearance")
        != std::string::npos);
  CHECK(what(caf::make_error(caf::sec::request_timeout)).find("request_timeout")
        != std::string::npos);
  CHECK(what(caf::error{}) == "none");
}

} // namespace error_tests
