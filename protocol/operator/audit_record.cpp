#include "protocol/operator/audit_record.hpp"

#include "protocol/json/strict_json.hpp"
#include "protocol/operator/encode.hpp"
#include "protocol/operator/json_members.hpp"
#include "protocol/text/sha256.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace clearance::protocol {

namespace {

constexpr std::size_t nesting_max_depth = 8;

constexpr std::array events{
    audit_event::start,          audit_event::stop,
    audit_event::decision_asked, audit_event::decision_result,
    audit_event::refusal,        audit_event::policy_load,
    audit_event::operator_came,  audit_event::operator_went,
    audit_event::torn_line,      audit_event::records_lost,
    audit_event::file_ended,     audit_event::file_removed,
};

using kind = json_item::kind;

bool read_text(const json_item& x, std::string& to) {
  if (x.type != kind::string)
    return false;
  to = x.text;
  return true;
}

template <class Number>
bool read_number(const json_item& x, Number& to) {
  const auto* end = x.text.data() + x.text.size();
  auto [at, failed] = std::from_chars(x.text.data(), end, to);
  return x.type == kind::number && failed == std::errc{} && at == end;
}

/// Reads the members of one line. A member of another type than it should have
/// makes the line bad; one that is not there is found afterwards.
class line_reader {
public:
  std::variant<audit_line, std::string_view> read(std::string_view text) {
    json_reader reader{nesting_max_depth};
    const bool is_json = reader.read(text, 0, [&](auto key, auto&& value) {
      return member(reader, key, value);
    });
    if (!is_json)
      return std::string_view{"the line is no JSON object"};
    if (is_bad_)
      return std::string_view{"a member has another type than it must have"};
    if (line_.version != 1)
      return std::string_view{"v is not 1"};
    constexpr std::uint64_t max = std::numeric_limits<std::int64_t>::max();
    if (line_.seq == 0 || line_.seq >= max)
      return std::string_view{"seq is missing, 0 or too large"};
    if (line_.prev.size() != 64 || !parse_sha256(line_.prev))
      return std::string_view{"prev is no SHA-256 digest"};
    if (line_.event.empty())
      return std::string_view{"event is missing"};
    return std::move(line_);
  }

private:
  bool member(json_reader& reader, std::string_view key,
              json_reader::value& value) {
    if (key == "decision" && json_reader::is_object(value))
      return reader.members(value, [&](auto name, auto&& x) {
        return decision_member(reader, name, x);
      });
    if (key == "by" && json_reader::is_object(value))
      return by(reader, value);
    json_item x;
    if (!reader.take(value, x))
      return false;
    if (key == "v")
      need(read_number(x, line_.version));
    else if (key == "seq")
      need(read_number(x, line_.seq));
    else if (key == "prev")
      need(read_text(x, line_.prev));
    else if (key == "ts")
      need(read_number(x, line_.time));
    else if (key == "hub")
      need(read_text(x, line_.hub));
    else if (key == "boot")
      need(read_text(x, line_.boot));
    else if (key == "event")
      need(read_text(x, line_.event));
    else if (key == "container")
      need(read_text(x, line_.container));
    else if (key == "target")
      need(read_text(x, line_.target));
    else if (key == "request_id")
      need(read_text(x, line_.request_id));
    else if (key == "text")
      need(read_text(x, line_.text));
    return true;
  }

  bool decision_member(json_reader& reader, std::string_view key,
                       json_reader::value& value) {
    if (key == "by" && json_reader::is_object(value))
      return by(reader, value);
    json_item x;
    if (!reader.take(value, x))
      return false;
    if (key == "container")
      need(read_text(x, line_.container));
    else if (key == "target")
      need(read_text(x, line_.target));
    else if (key == "action")
      need(read_text(x, line_.action));
    else if (key == "result")
      need(read_text(x, line_.result));
    else if (key == "reason")
      need(read_text(x, line_.reason));
    else if (key == "rule")
      need(read_text(x, line_.rule));
    else if (key == "error")
      need(read_text(x, line_.error));
    else
      decision_number(key, x);
    return true;
  }

  void decision_number(std::string_view key, const json_item& x) {
    if (key == "seq")
      need(read_number(x, line_.decision_seq));
    else if (key == "prompt")
      need(read_text(x, line_.prompt));
    else if (key == "at")
      need(read_number(x, line_.at));
    else if (key == "until")
      need(read_number(x, line_.until.emplace()));
    else if (key == "waited")
      need(read_number(x, line_.waited.emplace()));
    else if (key == "shown")
      need(read_number(x, line_.shown.emplace()));
  }

  bool by(json_reader& reader, json_reader::value& value) {
    return reader.members(value, [&](auto key, auto&& y) {
      json_item x;
      if (!reader.take(y, x))
        return false;
      if (key == "kind")
        need(read_text(x, line_.by_kind));
      else if (key == "name")
        need(read_text(x, line_.by_name));
      else if (key == "command")
        need(read_text(x, line_.by_command));
      else if (key == "uid")
        need(read_number(x, line_.by_uid.emplace()));
      else if (key == "pid")
        need(read_number(x, line_.by_pid.emplace()));
      return true;
    });
  }

  void need(bool is_good) { is_bad_ |= !is_good; }

  audit_line line_;
  bool is_bad_ = false;
};

} // namespace

std::string_view to_string(audit_event x) noexcept {
  switch (x) {
  case audit_event::start:
    return "start";
  case audit_event::stop:
    return "stop";
  case audit_event::decision_asked:
    return "decision_asked";
  case audit_event::decision_result:
    return "decision_result";
  case audit_event::refusal:
    return "refusal";
  case audit_event::policy_load:
    return "policy_load";
  case audit_event::operator_came:
    return "operator_came";
  case audit_event::operator_went:
    return "operator_went";
  case audit_event::torn_line:
    return "torn_line";
  case audit_event::records_lost:
    return "records_lost";
  case audit_event::file_ended:
    return "file_ended";
  case audit_event::file_removed:
    return "file_removed";
  }
  return {};
}

std::optional<audit_event> parse_audit_event(std::string_view word) noexcept {
  for (auto x : events)
    if (word == to_string(x))
      return x;
  return std::nullopt;
}

void append_audit_members(json_members& to, const audit_record& x) {
  if (x.decision)
    append_decision(to.raw("decision"), *x.decision);
  if (x.by)
    append_decider(to.raw("by"), *x.by);
  to.text_if("container", x.container);
  to.text_if("target", x.target);
  to.text_if("request_id", x.request_id);
  to.text_if("text", x.text);
  if (x.event == audit_event::policy_load)
    to.truth("ok", x.ok);
  if (x.count > 0)
    to.count("count", x.count);
}

std::variant<audit_line, std::string_view>
parse_audit_line(std::string_view line) {
  return line_reader{}.read(line);
}

std::optional<decision> decision_of(const audit_line& x) {
  if (x.event != to_string(audit_event::decision_result))
    return std::nullopt;
  const auto action = parse_action(x.action);
  const auto known = [](const auto& words, std::string_view word) {
    return std::find_if(words.begin(), words.end(),
                        [&](auto y) { return to_string(y) == word; });
  };
  constexpr std::array kinds{decider::kind::operator_client,
                             decider::kind::policy, decider::kind::application};
  constexpr std::array results{decision_result::applied,
                               decision_result::failed,
                               decision_result::left_denied};
  const auto* kind = known(kinds, x.by_kind);
  const auto* result = known(results, x.result);
  constexpr std::uint64_t seq_max = std::uint64_t{1} << 62U;
  if (!action || kind == kinds.end() || result == results.end()
      || x.decision_seq > seq_max)
    return std::nullopt;
  return decision{.seq = x.decision_seq,
                  .prompt = x.prompt,
                  .action = *action,
                  .by = {*kind, x.by_uid, x.by_pid, x.by_command, x.by_name},
                  .at = x.at,
                  .reason = x.reason,
                  .rule = x.rule,
                  .result = *result,
                  .error = x.error,
                  .until = x.until,
                  .waited = x.waited,
                  .shown = x.shown,
                  .container = x.container,
                  .target = x.target};
}

} // namespace clearance::protocol
