#include "protocol/gate/backup.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace backup_tests {

using namespace clearance::protocol;
using namespace std::string_literals;

namespace {

const std::string a(40, 'a');
const std::string c(64, 'c');
// 2026-03-04T05:06:07Z
constexpr std::chrono::sys_seconds now{std::chrono::seconds{1772600767}};

} // namespace

TEST_CASE("a backup's name has the ref, the time and the full id") {
  CHECK_EQ(backup_name("refs/heads/feature/x", a, now),
           "refs/terok/backup/feature/x/20260304T050607Z-" + a);
  CHECK_EQ(backup_name("refs/tags/v1", c, now),
           "refs/terok/backup-other/tags/v1/20260304T050607Z-" + c);
  CHECK_EQ(backup_name("refs/notes/commits", a, now),
           "refs/terok/backup-other/notes/commits/20260304T050607Z-" + a);
  CHECK_EQ(backup_name("refs/headsx", a, now),
           "refs/terok/backup-other/headsx/20260304T050607Z-" + a);
}

TEST_CASE("a backup's name ends with the mark of a token where there is one") {
  CHECK_EQ(backup_name("refs/heads/x", a, now, "0123abcd"),
           "refs/terok/backup/x/20260304T050607Z-" + a + "-0123abcd");
  CHECK(parse_backup_name(backup_name("refs/heads/x", a, now, "0123abcd"))
        == backup_origin{"refs/heads/x", now, a, "0123abcd"});
  for (const auto* bad : {"", "0123abc", "0123abcde", "0123ABCD", "0123abcg",
                          "0123abcd-0123abcd"})
    CHECK_FALSE(parse_backup_name("refs/terok/backup/x/20260304T050607Z-" + a
                                  + "-" + bad));
  CHECK_FALSE(parse_backup_name(
      "refs/terok/backup/x/20260304T050607Z-0123456789ab-0123abcd"));
}

TEST_CASE("a backup's name says what it keeps") {
  for (const auto* ref : {"refs/heads/x", "refs/heads/x/y", "refs/tags/v1",
                          "refs/headsx", "refs/heads/20260304T050607Z"})
    for (const auto& id : {a, c})
      CHECK(parse_backup_name(backup_name(ref, id, now))
            == backup_origin{ref, now, id});
  CHECK(parse_backup_name("refs/terok/backup/x/20260304T050607Z-0123456789ab")
        == backup_origin{"refs/heads/x", now, "0123456789ab"});
}

TEST_CASE("what has another form is no backup's name") {
  const auto whole = "refs/terok/backup/x/20260304T050607Z-" + a;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    INFO(n);
    // 12 digits of the id are an earlier version's name.
    CHECK_EQ(parse_backup_name(whole.substr(0, n)).has_value(),
             n == whole.size() - a.size() + 12);
  }
  const auto stamp = "/20260304T050607Z-" + a;
  for (const auto& bad :
       {"refs/terok/backup" + stamp, "refs/terok/backup/" + stamp,
        "refs/heads/x" + stamp, "refs/terok/backups/x" + stamp, whole + "/x",
        whole + "a", "refs/terok/backup/x/20261304T050607Z-" + a,
        "refs/terok/backup/x/20260230T050607Z-" + a,
        "refs/terok/backup/x/20260304T240607Z-" + a,
        "refs/terok/backup/x/20260304T056007Z-" + a,
        "refs/terok/backup/x/20260304T050660Z-" + a,
        "refs/terok/backup/x/20260304T050607Z-" + std::string(40, 'A')})
    CHECK_FALSE(parse_backup_name(bad));
}

TEST_CASE("a stamp anywhere in a ref's name is found") {
  const auto stamp = "20260304T050607Z-" + a;
  CHECK(has_stamp("refs/heads/x/" + stamp));
  CHECK(has_stamp("refs/heads/" + stamp + "/x"));
  CHECK(has_stamp("refs/heads/99999999T999999Z-" + a)); // the form alone
  CHECK(has_stamp("refs/heads/x/20260304T050607Z-0123456789ab"));
  CHECK(has_stamp("refs/heads/x/20260304T050607Z-" + c));
  CHECK(has_stamp("refs/heads/x/20260304T050607Z-" + c + "-0123abcd"));
  for (const auto& fine :
       {"refs/heads/x"s, "refs/heads/20260304T050607Z"s,
        "refs/heads/20260304T050607Z-"s, "refs/heads/20260304T050607Z-abc"s,
        "refs/heads/v" + stamp, "refs/heads/" + stamp + "x", ""s, "/"s})
    CHECK_FALSE(has_stamp(fine));
}

TEST_CASE("the transaction names each backup once and no old value") {
  CHECK_EQ(backup_transaction(std::vector<backup>{}), "");
  const backup one{"refs/terok/backup/x/1", a};
  const backup two{"refs/terok/backup/y/1", c};
  CHECK_EQ(backup_transaction(std::vector{one, two, one}),
           "update refs/terok/backup/x/1\0"s + a + "\0\0"s
               + "update refs/terok/backup/y/1\0"s + c + "\0\0"s);
}

TEST_CASE("a removal names the id that a backup has to have") {
  CHECK_EQ(removal_transaction(std::vector<backup>{{"refs/terok/x", a}}),
           "delete refs/terok/x\0"s + a + "\0"s);
}

} // namespace backup_tests
