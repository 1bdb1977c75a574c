#include "protocol/operator/audit_chain.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace audit_chain_tests {

using namespace clearance::protocol;

namespace {

audit_record record_of(audit_event what, std::string text = {}) {
  audit_record result;
  result.event = what;
  result.time = 1'700'000'000'000'000;
  result.hub = "hub";
  result.boot = "b1";
  result.text = std::move(text);
  return result;
}

audit_record decided() {
  auto result = record_of(audit_event::decision_result);
  decision x;
  x.seq = 3;
  x.prompt = "b1-1";
  x.action = action::allow;
  x.by.uid = 1000;
  x.by.name = "terminal";
  x.result = decision_result::applied;
  x.container = "web";
  x.target = "a.org";
  result.decision = x;
  return result;
}

// Whole lines of one chain, without newlines.
std::vector<std::string> chain_of(std::size_t size) {
  audit_chain chain;
  std::vector<std::string> result;
  for (std::size_t i = 0; i < size; ++i) {
    auto line =
        chain.next(i % 2 == 0 ? decided() : record_of(audit_event::start, "x"));
    REQUIRE(line.ends_with('\n'));
    line.pop_back();
    REQUIRE(line.find('\n') == line.npos);
    result.push_back(line);
  }
  return result;
}

std::optional<audit_break> verify(const std::vector<std::string>& lines) {
  audit_verifier x;
  x.begin("a.jsonl");
  for (const auto& line : lines)
    x.line(line);
  return x.broken();
}

audit_line parsed(const std::string& line) {
  auto x = parse_audit_line(line);
  if (auto* why = std::get_if<std::string_view>(&x))
    FAIL(std::string{*why});
  return std::get<audit_line>(x);
}

} // namespace

TEST_CASE("a line has its place in the chain, and what its event has") {
  audit_chain chain;
  const auto zeros = std::string(64, '0');
  const auto first = chain.next(record_of(audit_event::start, "1.0"));
  CHECK_EQ(first, R"({"v":1,"seq":1,"prev":")" + zeros
                      + R"(","ts":1700000000000000,"hub":"hub","boot":"b1",)"
                      + R"("event":"start","text":"1.0"})" + "\n");
  const auto second = chain.next(decided());
  CHECK_EQ(
      second,
      R"({"v":1,"seq":2,"prev":")"
          + audit_digest(first.substr(0, first.size() - 1))
          + R"(","ts":1700000000000000,"hub":"hub","boot":"b1",)"
          + R"("event":"decision_result","decision":{"seq":3,"prompt":)"
          + R"("b1-1","action":"allow","by":{"kind":"operator","uid":1000,)"
          + R"("name":"terminal"},"at":0,"result":"applied","container":)"
          + R"("web","target":"a.org"}})" + "\n");
  auto load = record_of(audit_event::policy_load, "p.toml:1: x");
  load.ok = false;
  CHECK(chain.next(load).find(R"("text":"p.toml:1: x","ok":false})")
        != std::string::npos);
}

TEST_CASE("a digest is SHA-256 in small hexadecimal digits") {
  CHECK_EQ(audit_digest("abc"),
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9"
           "cb410ff61f20015ad");
}

TEST_CASE("what people filter by is read again") {
  audit_chain chain;
  auto line = chain.next(decided());
  auto x = parsed(line.substr(0, line.size() - 1));
  CHECK_EQ(x.seq, 1);
  CHECK_EQ(x.time, 1'700'000'000'000'000);
  CHECK_EQ(x.hub, "hub");
  CHECK_EQ(x.boot, "b1");
  CHECK_EQ(x.event, "decision_result");
  CHECK_EQ(x.container, "web");
  CHECK_EQ(x.target, "a.org");
  CHECK_EQ(x.action, "allow");
  CHECK_EQ(x.result, "applied");
  CHECK_EQ(x.by_kind, "operator");
  CHECK_EQ(x.by_name, "terminal");
  CHECK_EQ(x.by_uid, 1000);
  auto refusal = record_of(audit_event::refusal);
  refusal.by = decider{decider::kind::application, {}, {}, "", "app"};
  refusal.container = "db";
  refusal.target = "b.org";
  line = chain.next(refusal);
  x = parsed(line.substr(0, line.size() - 1));
  CHECK_EQ(x.container, "db");
  CHECK_EQ(x.target, "b.org");
  CHECK_EQ(x.by_kind, "application");
  CHECK_FALSE(x.by_uid);
}

TEST_CASE("every event has a word") {
  for (int i = 0; i <= static_cast<int>(audit_event::file_removed); ++i) {
    auto x = static_cast<audit_event>(i);
    CHECK_FALSE(to_string(x).empty());
    CHECK_EQ(parse_audit_event(to_string(x)), x);
  }
  CHECK_FALSE(parse_audit_event("Start"));
}

TEST_CASE("what is no line of an audit trail is refused with a reason") {
  const auto good = chain_of(1).front();
  auto why = [&](std::string_view what, const std::string& by) {
    auto line = good;
    line.replace(line.find(what), what.size(), by);
    auto x = parse_audit_line(line);
    auto* result = std::get_if<std::string_view>(&x);
    return result == nullptr ? std::string{} : std::string{*result};
  };
  const std::string type = "a member has another type than it must have";
  CHECK_EQ(why("\"v\":1", "\"v\":1"), "");
  CHECK_EQ(why("\"v\":1", "\"v\":2"), "v is not 1");
  CHECK_EQ(why("\"v\":1,", ""), "v is not 1");
  CHECK_EQ(why("\"seq\":1,", ""), "seq is missing, 0 or too large");
  CHECK_EQ(why("\"seq\":1", "\"seq\":18446744073709551615"),
           "seq is missing, 0 or too large");
  CHECK_EQ(why("\"seq\":1", "\"seq\":-1"), type);
  CHECK_EQ(why("\"seq\":1", "\"seq\":1.0"), type);
  CHECK_EQ(why("\"seq\":1", "\"seq\":99999999999999999999"), type);
  CHECK_EQ(why("\"prev\":\"0", "\"prev\":\""), "prev is no SHA-256 digest");
  CHECK_EQ(why("\"prev\":\"0", "\"prev\":\"x"), "prev is no SHA-256 digest");
  CHECK_EQ(why("\"hub\":\"hub\"", "\"hub\":1"), type);
  CHECK_EQ(why("\"event\":\"decision_result\",", ""), "event is missing");
  CHECK_EQ(why("{", "["), "the line is no JSON object");
  CHECK_EQ(why("}}", "}"), "the line is no JSON object");
  CHECK_EQ(why("}}", "}} x"), "the line is no JSON object");
}

TEST_CASE("a whole chain verifies, also across files and from its middle") {
  const auto lines = chain_of(6);
  CHECK_FALSE(verify(lines));
  CHECK_FALSE(verify({lines.begin() + 2, lines.end()}));
  audit_verifier x;
  x.begin("1");
  x.line(lines[2]);
  x.line(lines[3]);
  x.begin("2");
  x.line(lines[4]);
  CHECK_FALSE(x.broken());
  CHECK_EQ(x.first_seq(), 3);
  CHECK_EQ(x.last_seq(), 5);
  CHECK_EQ(x.lines(), 3);
  // A file that is missing is seen.
  x.begin("3");
  x.line(lines[5]);
  x.line(lines[2]);
  CHECK(x.broken()
        == audit_break{"3", 2,
                       "seq is 3 and must be 7: lines are missing, "
                       "or in another order"});
}

TEST_CASE("every change of a line is found, in the line or the next one") {
  const auto lines = chain_of(3);
  for (std::size_t i = 0; i < lines[1].size(); ++i) {
    auto changed = lines;
    changed[1][i] = changed[1][i] == '7' ? '8' : '7';
    auto broken = verify(changed);
    REQUIRE_MESSAGE(broken.has_value(), i);
    CHECK_GE(broken->line, 2);
  }
}

TEST_CASE("a line that was removed, added, moved or cut off is found") {
  const auto lines = chain_of(4);
  CHECK_EQ(verify({lines[0], lines[2], lines[3]})->line, 2);
  CHECK_EQ(verify({lines[0], lines[0], lines[1]})->line, 2);
  CHECK_EQ(verify({lines[0], lines[2], lines[1]})->line, 2);
  audit_verifier x;
  x.begin("f");
  x.line(lines[0]);
  x.line(lines[1].substr(0, 20), false);
  CHECK(x.broken()
        == audit_break{"f", 2,
                       "the line is cut off: it has no newline at its end"});
  // A forged beginning.
  auto forged = lines[0];
  forged[forged.find("\"prev\":\"0") + 8] = '1';
  CHECK_EQ(verify({forged})->why, "prev of the first line is not 64 zeros");
}

TEST_CASE("a chain goes on behind its last line") {
  auto lines = chain_of(2);
  auto chain = audit_chain::resume(lines[1]);
  REQUIRE(chain);
  CHECK_EQ(chain->seq(), 3);
  auto next = chain->next(record_of(audit_event::torn_line));
  next.pop_back();
  lines.push_back(next);
  CHECK_FALSE(verify(lines));
  CHECK_FALSE(audit_chain::resume("no line"));
  CHECK_FALSE(audit_chain::resume(""));
}

TEST_CASE("a line that was not written is taken back") {
  audit_chain chain;
  std::vector<std::string> lines;
  lines.push_back(chain.next(record_of(audit_event::start)));
  chain.next(record_of(audit_event::stop, "was not written"));
  chain.undo();
  lines.push_back(chain.next(record_of(audit_event::records_lost)));
  for (auto& x : lines)
    x.pop_back();
  CHECK_FALSE(verify(lines));
}

TEST_CASE("the end of a file is whole lines and what was cut off") {
  auto tail = [](std::string_view x) {
    auto y = find_audit_tail(x);
    return std::pair{std::string{y.last_line}, std::string{y.torn}};
  };
  using both = std::pair<std::string, std::string>;
  CHECK(tail("") == both{"", ""});
  CHECK(tail("a") == both{"", "a"});
  CHECK(tail("a\n") == both{"a", ""});
  CHECK(tail("a\nb\n") == both{"b", ""});
  CHECK(tail("a\nb\nc") == both{"b", "c"});
  CHECK(tail("\n") == both{"", ""});
}

TEST_CASE("whatever a container chose stays in its line") {
  audit_chain chain;
  auto x = decided();
  x.decision->target = "a\n{\"v\":1}\n\"\\";
  x.decision->container = std::string{"\0\x7f\xff", 3};
  auto line = chain.next(x);
  CHECK_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  line.pop_back();
  CHECK_EQ(parsed(line).target, x.decision->target);
  CHECK_FALSE(verify({line}));
}

} // namespace audit_chain_tests
