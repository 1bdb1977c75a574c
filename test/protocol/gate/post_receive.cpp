#include "protocol/gate/post_receive.hpp"

#include <doctest/doctest.h>

#include <string>

namespace post_receive_tests {

using namespace clearance::protocol;

namespace {

const std::string a(40, 'a');
const std::string b(40, 'b');
const std::string none(40, '0');
// 2026-03-04T05:06:07Z
constexpr std::chrono::sys_seconds now{std::chrono::seconds{1772600767}};

} // namespace

TEST_CASE("a line is old id, new id and ref") {
  CHECK(parse_ref_update(a + ' ' + b + " refs/heads/x")
        == ref_update{a, b, "refs/heads/x"});
  const std::string c(64, 'c');
  CHECK(parse_ref_update(c + ' ' + c + " r") == ref_update{c, c, "r"});
  const auto whole = a + ' ' + b + " r";
  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK_FALSE(parse_ref_update(whole.substr(0, n)));
  for (const auto& bad :
       {std::string(), std::string("x"), a + ' ' + b, a + ' ' + b + ' ',
        a + ' ' + c + " r", 'A' + a.substr(1) + ' ' + b + " r",
        a + "  " + b + " r", ' ' + a + ' ' + b + " r",
        a.substr(1) + ' ' + b + " r"})
    CHECK_FALSE(parse_ref_update(bad));
}

TEST_CASE("only a branch that was there has an old tip to lose") {
  CHECK(fate_of_old_tip({a, b, "refs/heads/x"}) == old_tip::moved);
  CHECK(fate_of_old_tip({a, none, "refs/heads/x"}) == old_tip::deleted);
  CHECK(fate_of_old_tip({none, b, "refs/heads/x"}) == old_tip::kept);
  CHECK(fate_of_old_tip({none, none, "refs/heads/x"}) == old_tip::kept);
  CHECK(fate_of_old_tip({a, none, "refs/tags/x"}) == old_tip::kept);
  CHECK(fate_of_old_tip({a, b, "refs/headsx"}) == old_tip::kept);
  CHECK(is_null_id(std::string(64, '0')));
  CHECK_FALSE(is_null_id(std::string(39, '0') + '1'));
}

TEST_CASE("a backup's name has branch, time and id") {
  CHECK_EQ(backup_ref({"0123456789abcdef", none, "refs/heads/feature/x"}, now),
           "refs/terok/backup/feature/x/20260304T050607Z-0123456789ab");
}

TEST_CASE("the marker has the time, the lines and the notes") {
  CHECK_EQ(push_marker(now, {{a, b, "refs/heads/x"}, {b, none, "refs/tags/y"}},
                       {"gate: saved r"}),
           "2026-03-04T05:06:07Z\n" + a + ' ' + b + " refs/heads/x\n" + b + ' '
               + none + " refs/tags/y\ngate: saved r\n");
  CHECK_EQ(push_marker(now, {}, {}), "2026-03-04T05:06:07Z\n");
}

} // namespace post_receive_tests
