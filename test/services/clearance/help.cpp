#include "services/clearance/help.hpp"

#include <doctest/doctest.h>

#include <string>

namespace help_tests {

using clearance::services::help_of;

namespace {

constexpr const char* subcommands[] = {"",      "serve",   "serve-verdict",
                                       "watch", "verdict", "emit"};

} // namespace

TEST_CASE("every help starts with a synopsis and fits a terminal") {
  for (std::string name : subcommands) {
    CAPTURE(name);
    auto text = help_of(name);
    auto program = "Usage: terok-clearance " + (name.empty() ? "SUB" : name);
    CHECK(text.starts_with(program));
    CHECK(text.ends_with('\n'));
    while (!text.empty()) {
      auto line = text.substr(0, text.find('\n'));
      CAPTURE(line);
      CHECK(line.size() <= 80);
      text.remove_prefix(line.size() + 1);
    }
  }
}

TEST_CASE("the program's help names every subcommand") {
  for (std::string name : subcommands)
    CHECK(help_of("").find(name) != std::string_view::npos);
}

TEST_CASE("there is no help for what there is not") {
  CHECK(help_of("bogus").empty());
}

} // namespace help_tests
