#include "protocol/gate/push_check.hpp"

#include "protocol/gate/limits.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace push_check_tests {

using namespace clearance::protocol;

namespace {

const std::string a(40, 'a');
const std::string b(40, 'b');
const std::string c(40, 'c');
const std::string none(40, '0');

push_check checked(std::vector<ref_update> updates,
                   const std::vector<ref_value>& existing) {
  push_check result(std::move(updates));
  for (const auto& x : existing)
    result.add_existing(x);
  return result;
}

bool refuses(const ref_update& x, const std::vector<ref_value>& existing) {
  return !checked({x}, existing).refusal().empty();
}

} // namespace

TEST_CASE("what is true is not refused") {
  const auto x = checked({{a, b, "refs/heads/x"},
                          {b, none, "refs/tags/y"},
                          {none, c, "refs/heads/new"},
                          {c, c, "refs/heads/same"}},
                         {{a, "refs/heads/x"},
                          {b, "refs/tags/y"},
                          {c, "refs/heads/same"},
                          {c, "refs/heads/other"}});
  CHECK_EQ(x.refusal(), "");
  CHECK(x.endangered()
        == std::vector<ref_update>{{a, b, "refs/heads/x"},
                                   {b, none, "refs/tags/y"}});
}

TEST_CASE("an old id that is not what the ref has is refused") {
  const std::vector<ref_value> there{{a, "refs/heads/x"}};
  for (const auto& new_id : {b, none}) {
    CHECK_FALSE(refuses({a, new_id, "refs/heads/x"}, there));
    CHECK(refuses({none, new_id, "refs/heads/x"}, there));
    CHECK(refuses({c, new_id, "refs/heads/x"}, there));
    CHECK(refuses({a, new_id, "refs/heads/y"}, there));
  }
  const std::string long_none(64, '0');
  CHECK(refuses({long_none, long_none, "refs/heads/x"}, there));
  CHECK(refuses({std::string(64, 'a'), long_none, "refs/heads/x"}, there));
}

TEST_CASE("zeros to zeros is refused, whether the ref is there or not") {
  CHECK(refuses({none, none, "refs/heads/x"}, {{a, "refs/heads/x"}}));
  CHECK(refuses({none, none, "refs/heads/x"}, {}));
}

TEST_CASE("a ref that is named twice is refused, whatever is true of it") {
  CHECK_NE(checked({{a, b, "refs/heads/x"}, {a, b, "refs/heads/x"}},
                   {{a, "refs/heads/x"}})
               .refusal(),
           "");
  CHECK_NE(checked({{none, b, "refs/heads/x"}, {none, c, "refs/heads/x"}}, {})
               .refusal(),
           "");
}

TEST_CASE("one false command refuses the whole push") {
  CHECK_NE(checked({{a, b, "refs/heads/x"}, {none, none, "refs/heads/y"}},
                   {{a, "refs/heads/x"}})
               .refusal(),
           "");
}

TEST_CASE("the gate's own refs are refused") {
  for (const auto* ref : {"refs/terok", "refs/terok/x", "refs/terok/backup"})
    CHECK(refuses({none, b, ref}, {}));
  for (const auto* ref : {"refs/terokx", "refs/heads/terok"})
    CHECK_FALSE(refuses({none, b, ref}, {}));
}

TEST_CASE("a new ref that could block a backup is refused, an old one not") {
  const auto ref = "refs/heads/x/20260304T050607Z-" + a;
  CHECK(refuses({none, b, ref}, {}));
  CHECK(refuses({none, b, ref + "/y"}, {}));
  CHECK_FALSE(refuses({a, b, ref}, {{a, ref}}));
}

TEST_CASE("a refusal is printable, whatever the ref's name is") {
  const auto why = checked({{none, none, "refs/heads/\x9b\n"}}, {}).refusal();
  CHECK_NE(why.find("\\x9b\\x0a"), std::string::npos);
}

namespace {

// 2026-03-04T05:06:07Z
const std::chrono::sys_seconds time_of_backups{
    std::chrono::seconds{1772600767}};

push_check counted(std::size_t count, const std::string& mark,
                   const std::string& pusher) {
  push_check result({}, {}, pusher);
  for (std::size_t i = 0; i < count; ++i)
    result.add_existing({a, backup_name("refs/heads/" + std::to_string(i), a,
                                        time_of_backups, mark)});
  return result;
}

} // namespace

TEST_CASE("backups are counted, those of the token that pushes as well") {
  push_check x({}, {}, "0123abcd");
  for (const auto& ref :
       {std::string("refs/heads/x"), std::string("refs/terok/else"),
        std::string("refs/terok/backup/x/1"),
        std::string("refs/terok/backup-other/x/1"),
        backup_name("refs/heads/x", a, time_of_backups),
        backup_name("refs/heads/x", a, time_of_backups, "0123abce"),
        backup_name("refs/heads/x", a, time_of_backups, "0123abcd")})
    x.add_existing({a, ref});
  CHECK(x.backups() == backup_count{5, 1});
}

TEST_CASE("there is room up to the bound of all backups") {
  namespace limits = gate_limits;
  const auto x = counted(limits::backups_max - 2, "", "");
  CHECK_EQ(x.no_room(2), "");
  CHECK_EQ(x.no_room(3),
           "this push needs 3 backups more, the repository has 9998 and the "
           "bound is 10000; the operator can remove backups with `terok-gate "
           "backups expire`");
}

TEST_CASE("one of several tokens has a share of the backups") {
  namespace limits = gate_limits;
  const auto full =
      counted(limits::backups_of_token_max, "0123abcd", "0123abcd");
  CHECK_NE(full.no_room(1).find("this token has 5000"), std::string::npos);
  CHECK_EQ(full.no_room(0), "");
  // Another token's pushes, and those of a gate with one token.
  for (const auto* pusher : {"0123abce", ""})
    CHECK_EQ(counted(limits::backups_of_token_max, "0123abcd", pusher)
                 .no_room(limits::backups_of_token_max),
             "");
}

TEST_CASE("backups from before a time have expired and take no room") {
  const auto name = backup_name("refs/heads/x", a, time_of_backups, "0123abcd");
  for (const int later : {0, 1}) {
    push_check x({}, time_of_backups + std::chrono::seconds{later}, "0123abcd");
    x.add_existing({a, name});
    x.add_existing({a, "refs/terok/backup/x/no-stamp"});
    const auto branch = "refs/heads/x/" + name;
    x.add_existing({a, branch});
    CHECK_EQ(x.expired().size(), later);
    const std::size_t live = later == 0 ? 1 : 0;
    CHECK(x.backups() == backup_count{1 + live, live});
  }
}

TEST_CASE("only a branch that was there and stays can move forward") {
  CHECK(may_move_forward({a, b, "refs/heads/x"}));
  CHECK_FALSE(may_move_forward({a, none, "refs/heads/x"}));
  CHECK_FALSE(may_move_forward({none, a, "refs/heads/x"}));
  CHECK_FALSE(may_move_forward({a, b, "refs/tags/x"}));
  CHECK_FALSE(may_move_forward({a, b, "refs/headsx"}));
}

} // namespace push_check_tests
