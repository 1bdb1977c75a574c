#include "services/notify/notify.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace notify_command_line_tests {

using namespace clearance::services;

namespace {

using words = std::vector<std::string>;

template <class T>
T taken(const words& x) {
  auto result = parse_notify_command_line(x, "/run/user/7");
  REQUIRE(std::holds_alternative<T>(result));
  return std::get<T>(result);
}

bool refused(const words& x) {
  const auto result = parse_notify_command_line(x, "/run/user/7");
  return std::holds_alternative<outcome>(result)
         && std::get<outcome>(result).code == 2;
}

struct choice_case {
  const char* text;
  bool blocked;
  bool verdict;
  std::size_t unknown;
};

} // namespace

TEST_CASE("notify: every option is taken") {
  auto x = taken<notify_config>({});
  CHECK(x.clearance_sockets.empty());
  CHECK(x.runtime_directory == "/run/user/7");
  CHECK(x.open_command == "x-terminal-emulator -e terok-clearance");
  CHECK_FALSE(x.quiet.has_value());
  x = taken<notify_config>({"--clearance-socket", "/a", "--clearance-socket",
                            "/a", "--open", "foot terok-clearance",
                            "--quiet-hours", "22:00-07:00"});
  CHECK(x.clearance_sockets == words{"/a"});
  CHECK(x.open_command == "foot terok-clearance");
  CHECK(x.quiet.has_value());
  CHECK(refused({"--open", ""}));
  CHECK(refused({"--quiet-hours", "22-7"}));
  CHECK(refused({"summary"}));
  CHECK(refused({"--timeout", "5"}));
}

TEST_CASE("notify --send: a summary, a body, a time") {
  auto x = taken<notify_send_config>({"--send", "hello"});
  CHECK(x.summary == "hello");
  CHECK(x.body.empty());
  CHECK(x.milliseconds == -1);
  x = taken<notify_send_config>({"--send", "hello", "there", "-t", "5000"});
  CHECK(x.body == "there");
  CHECK(x.milliseconds == 5000);
  CHECK(
      taken<notify_send_config>({"--send", "a", "--timeout", "0"}).milliseconds
      == 0);
  CHECK(refused({"--send"}));
  CHECK(refused({"--send", "a", "b", "c"}));
  CHECK(refused({"--send", "a", "-t", "-2"}));
  CHECK(refused({"--send", "a", "-t", "5s"}));
}

TEST_CASE("notify's help fits a terminal") {
  auto text = notify_help();
  CHECK(text.starts_with("Usage: terok-clearance-notify"));
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    CAPTURE(line);
    CHECK(line.size() <= 80);
    text.remove_prefix(line.size() + 1);
  }
}

TEST_CASE("quiet hours pass midnight, or do not") {
  const auto night = quiet_hours::parse("22:00-07:30").value();
  CHECK(night.contain(22 * 60));
  CHECK(night.contain(0));
  CHECK(night.contain(7 * 60 + 29));
  CHECK_FALSE(night.contain(7 * 60 + 30));
  CHECK_FALSE(night.contain(21 * 60 + 59));
  CHECK(night.until_change(21 * 60 + 59) == 1);
  CHECK(night.until_change(22 * 60) == 9 * 60 + 30);
  CHECK(night.until_change(7 * 60 + 30) == 14 * 60 + 30);
  const auto noon = quiet_hours::parse("12:00-13:00").value();
  CHECK(noon.contain(12 * 60));
  CHECK_FALSE(noon.contain(13 * 60));
  CHECK_FALSE(noon.contain(0));
  CHECK(noon.until_change(13 * 60) == 23 * 60);
  const auto never = quiet_hours::parse("12:00-12:00").value();
  CHECK_FALSE(never.contain(12 * 60));
  CHECK(never.until_change(12 * 60) == 24 * 60);
}

TEST_CASE("what are no quiet hours") {
  for (const char* text :
       {"", "22:00", "22:00-", "2200-0700", "24:00-07:00", "22:60-07:00",
        "22:00-07:00 ", "22:00~07:00", "-1:00-07:00", "aa:bb-cc:dd"}) {
    CAPTURE(text);
    CHECK_FALSE(quiet_hours::parse(text).has_value());
  }
}

TEST_CASE("TEROK_CLEARANCE_NOTIFY_EVENTS chooses what is shown") {
  for (const auto& x : {
           choice_case{nullptr, true, true, 0},
           choice_case{"", false, false, 0},
           choice_case{"all", true, true, 0},
           choice_case{"blocked", true, false, 0},
           choice_case{"verdict, blocked", true, true, 0},
           choice_case{" shield container\tverdict", false, true, 0},
           choice_case{"blocked,bogus,other", true, false, 2},
       }) {
    CAPTURE(x.text);
    words unknown;
    const auto choice = choice_of(x.text, unknown);
    CHECK(choice.blocked == x.blocked);
    CHECK(choice.verdict == x.verdict);
    CHECK(unknown.size() == x.unknown);
  }
}

} // namespace notify_command_line_tests
