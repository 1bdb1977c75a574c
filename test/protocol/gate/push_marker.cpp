#include "protocol/gate/push_marker.hpp"

#include "protocol/gate/backup.hpp"

#include <doctest/doctest.h>

#include <string>

namespace push_marker_tests {

using namespace clearance::protocol;

namespace {

const std::string a(40, 'a');
const std::string b(40, 'b');
const std::string none(40, '0');
// 2026-03-04T05:06:07Z
constexpr std::chrono::sys_seconds now{std::chrono::seconds{1772600767}};

} // namespace

TEST_CASE("the marker has the time, the state, the lines and the notes") {
  CHECK_EQ(push_marker(now, push_state::asked,
                       {{a, b, "refs/heads/x"}, {b, none, "refs/tags/y"}},
                       {"gate: saved r"}),
           "2026-03-04T05:06:07Z\nasked\n" + a + ' ' + b + " refs/heads/x\n" + b
               + ' ' + none + " refs/tags/y\ngate: saved r\n");
  CHECK_EQ(push_marker(now, push_state::done, {}, {}),
           "2026-03-04T05:06:07Z\ndone\n");
}

TEST_CASE("names of refs are escaped, once") {
  const std::string ref = "refs/heads/\xc3\xa9\x9b\n\\";
  const auto shown = R"(refs/heads/\xc3\xa9\x9b\x0a\\)";
  const auto asked = push_marker(now, push_state::asked, {{a, b, ref}},
                                 {saved_note(backup_name(ref, a, now))});
  CHECK_NE(asked.find(a + ' ' + b + ' ' + shown + '\n'), std::string::npos);
  const auto notes = notes_for(asked, {{a, b, ref}});
  REQUIRE_EQ(notes.size(), 1);
  const auto done = push_marker(now, push_state::done, {{a, b, ref}}, notes);
  CHECK_EQ(done.substr(done.find("done") + 4),
           asked.substr(asked.find("asked") + 5));
}

TEST_CASE("only the notes of the same push are taken over") {
  const auto x = saved_note(backup_name("refs/heads/x", a, now));
  const auto y = saved_note(backup_name("refs/tags/y", b, now));
  const auto marker = push_marker(now, push_state::asked, {}, {x, y});
  CHECK(notes_for(marker, {{a, b, "refs/heads/x"}, {b, none, "refs/tags/y"}})
        == std::vector{x, y});
  CHECK(notes_for(marker, {{b, none, "refs/tags/y"}}) == std::vector{y});
  CHECK(notes_for(marker, {{b, none, "refs/heads/x"}}).empty());
  for (std::size_t n = 0; n < marker.size(); ++n)
    notes_for(marker.substr(0, n), {{a, b, "refs/heads/x"}});
  CHECK(notes_for("gate: saved \ngate: saved x\n\n", {}).empty());
}

} // namespace push_marker_tests
