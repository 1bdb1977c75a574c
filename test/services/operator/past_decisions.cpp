// What a hub reads of its trail at the start. Source: operator.md, section 2,
// `History`.

#include "services/operator/past_decisions.hpp"

#include "protocol/operator/audit_record.hpp"
#include "services/operator/audit_file.hpp"
#include "test/support/files/temp_dir.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace past_decisions_tests {

using namespace clearance;
using namespace clearance::services;
using clearance::test::read_file;
using clearance::test::temp_dir;
using clearance::test::write_file;
using protocol::audit_event;
using protocol::audit_record;
using numbers = std::vector<std::uint64_t>;
namespace fs = std::filesystem;

namespace {

struct past_place {
  temp_dir dir;
  std::string path = (dir / "hub.jsonl").string();

  audit_file_config config(const std::string& boot = "b1") const {
    audit_file_config result;
    result.path = path;
    result.boot = boot;
    result.file_max_bytes = 20'000;
    return result;
  }

  trail_past read(const past_limits& limits = {},
                  const std::string& boot = {}) const {
    return read_trail_past(path, boot, limits);
  }

  void append(const std::string& text) const {
    std::ofstream{path, std::ios::app} << text;
  }
};

protocol::decision past_decision(std::uint64_t seq) {
  using kind = protocol::decider::kind;
  protocol::decision x;
  x.seq = seq;
  x.prompt = "boot-" + std::to_string(seq);
  x.action = protocol::action::allow;
  x.by = {kind::operator_client, 1000, 77, "tui", "Ada"};
  x.at = 1'700'000'000'000'000 + static_cast<std::int64_t>(seq);
  x.reason = "a \"reason\"";
  x.rule = "a rule";
  x.result = protocol::decision_result::applied;
  x.until = x.at + 60;
  x.waited = 5;
  x.container = "web";
  x.target = "a" + std::to_string(seq) + ".org";
  return x;
}

audit_record past_record(audit_event what, std::uint64_t seq) {
  audit_record x;
  x.event = what;
  x.decision = past_decision(seq);
  return x;
}

/// Decisions first to last, each asked and answered.
void write_decisions(const audit_file_config& config, std::uint64_t first,
                     std::uint64_t last) {
  audit_file to{config};
  for (auto seq = first; seq <= last; ++seq) {
    const std::vector<audit_record> both{
        past_record(audit_event::decision_asked, seq),
        past_record(audit_event::decision_result, seq)};
    REQUIRE(to.write(both, false).is_written);
  }
}

numbers seqs(const trail_past& x) {
  numbers result;
  for (const auto& each : x.decisions)
    result.push_back(each.seq);
  return result;
}

bool has_text(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("the decisions of a trail are read as they were written") {
  const past_place s;
  write_decisions(s.config(), 1, 2);
  const auto past = s.read();
  CHECK(past.decisions == std::vector{past_decision(1), past_decision(2)});
  CHECK(past.fault.empty());
  CHECK(past.cut_by.empty());
}

TEST_CASE("a decision by a rule and one that failed are read whole") {
  const past_place s;
  auto denied = past_record(audit_event::decision_result, 1);
  denied.decision->action = protocol::action::deny;
  denied.decision->by = {protocol::decider::kind::policy, {}, {}, {}, {}};
  denied.decision->result = protocol::decision_result::left_denied;
  denied.decision->until.reset();
  auto failed = past_record(audit_event::decision_result, 2);
  failed.decision->by.what = protocol::decider::kind::application;
  failed.decision->result = protocol::decision_result::failed;
  failed.decision->error = "no such container";
  failed.decision->shown = 7;
  CHECK(audit_file{s.config()}
            .write(std::vector{denied, failed}, false)
            .is_written);
  CHECK(s.read().decisions == std::vector{*denied.decision, *failed.decision});
}

TEST_CASE("no trail is no past") {
  const past_place s;
  CHECK(s.read().decisions.empty());
  CHECK(s.read().fault.empty());
  CHECK(s.read().cut_by.empty());
  CHECK(read_trail_past((s.dir / "none" / "x").string(), {}).decisions.empty());
}

TEST_CASE("the newest decisions are read across files that were rotated") {
  const past_place s;
  write_decisions(s.config(), 1, 100);
  REQUIRE(audit_files_of(s.path).size() > 3);
  const auto all = s.read();
  CHECK(all.fault.empty());
  REQUIRE_EQ(all.decisions.size(), 100);
  CHECK_EQ(all.decisions.front().seq, 1);
  past_limits few;
  few.decisions = 60;
  const auto past = s.read(few);
  REQUIRE_EQ(past.decisions.size(), 60);
  CHECK_EQ(past.decisions.front().seq, 41);
  CHECK_EQ(past.decisions.back().seq, 100);
  CHECK(past.cut_by.empty());
}

TEST_CASE("a file that was just rotated away and not replaced is found") {
  const past_place s;
  write_decisions(s.config(), 1, 3);
  fs::rename(s.path, s.path + ".1");
  CHECK(seqs(s.read()) == numbers{1, 2, 3});
}

TEST_CASE("a last line that was cut off is left out") {
  const past_place s;
  write_decisions(s.config(), 1, 3);
  const auto whole = read_file(s.path);
  for (std::size_t n = 1; n < 700; n += 7) {
    CAPTURE(n);
    write_file(s.path, whole.substr(0, whole.size() - n));
    const auto past = s.read();
    REQUIRE(past.fault.empty());
    REQUIRE(past.decisions.size() == 2);
  }
}

TEST_CASE("a cut-off line longer than what is read at once is left out") {
  const past_place s;
  write_decisions(s.config(), 1, 3);
  s.append(std::string(600'000, 'x'));
  CHECK(seqs(s.read()) == numbers{1, 2, 3});
}

TEST_CASE("a foreign line is left out and named") {
  const past_place s;
  write_decisions(s.config(), 1, 2);
  s.append("hello\n");
  const auto past = s.read();
  CHECK(seqs(past) == numbers{1, 2});
  CHECK(has_text(past.fault, s.path));
  CHECK(has_text(past.fault, "no JSON object"));
}

TEST_CASE("a line without an end in sight ends the reading") {
  const past_place s;
  write_decisions(s.config(), 1, 2);
  s.append(std::string(900'000, 'x') + "\n");
  write_decisions({.path = (s.dir / "other.jsonl").string()}, 3, 4);
  s.append(read_file(s.dir / "other.jsonl"));
  const auto past = s.read();
  CHECK(seqs(past) == numbers{3, 4});
  CHECK(has_text(past.cut_by, "a line is too long"));
}

TEST_CASE("a broken chain is named, and its decisions are read") {
  const past_place s;
  write_decisions(s.config(), 1, 3);
  auto text = read_file(s.path);
  const auto at = text.find("a2.org");
  REQUIRE(at != text.npos);
  text.replace(at, 6, "b2.org");
  write_file(s.path, text);
  const auto past = s.read();
  CHECK(past.decisions.size() == 3);
  CHECK(has_text(past.fault, "belongs to another"));
}

TEST_CASE("numbers grow, also where a hub began at 1 again") {
  const past_place s;
  write_decisions(s.config("b1"), 5, 7);
  write_decisions(s.config("b2"), 1, 2);
  write_decisions(s.config("b3"), 20, 21);
  CHECK(seqs(s.read()) == numbers{5, 6, 7, 8, 9, 20, 21});
}

TEST_CASE("the hub's own life is left out") {
  const past_place s;
  write_decisions(s.config("b1"), 1, 2);
  write_decisions(s.config("b2"), 3, 4);
  CHECK(seqs(s.read({}, "b2")) == numbers{1, 2});
}

TEST_CASE("only so much is read, and only for so long") {
  const past_place s;
  auto config = s.config();
  config.file_max_bytes = 64'000'000;
  write_decisions(config, 1, 2000);
  past_limits limits;
  limits.decisions = 10'000;
  SUBCASE("bytes") {
    limits.bytes = 300'000;
    const auto past = s.read(limits);
    CHECK(has_text(past.cut_by, "so much is not read"));
    CHECK(past.bytes >= limits.bytes);
    CHECK(past.bytes <= limits.bytes + 256 * 1024);
    REQUIRE_FALSE(past.decisions.empty());
    CHECK(past.decisions.back().seq == 2000);
  }
  SUBCASE("time") {
    limits.time = std::chrono::milliseconds{0};
    const auto past = s.read(limits);
    CHECK(has_text(past.cut_by, "the disk is slow"));
    CHECK(past.bytes <= 256 * 1024);
    CHECK_FALSE(past.decisions.empty());
  }
}

} // namespace past_decisions_tests
