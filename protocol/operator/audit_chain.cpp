#include "protocol/operator/audit_chain.hpp"

#include "protocol/operator/json_members.hpp"
#include "protocol/text/sha256.hpp"

#include <utility>

namespace clearance::protocol {

std::string audit_chain_start() {
  return std::string(64, '0');
}

std::string audit_digest(std::string_view line) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (auto byte : sha256(line)) {
    result += digits[byte >> 4];
    result += digits[byte & 0xf];
  }
  return result;
}

audit_chain::audit_chain() : prev_(audit_chain_start()) {
  // nop
}

std::optional<audit_chain> audit_chain::resume(std::string_view last_line) {
  auto parsed = parse_audit_line(last_line);
  const auto* known = std::get_if<audit_line>(&parsed);
  if (known == nullptr)
    return std::nullopt;
  audit_chain result;
  result.seq_ = known->seq + 1;
  result.prev_ = audit_digest(last_line);
  return result;
}

std::string audit_chain::next(const audit_record& x) {
  std::string result;
  {
    json_members to{result};
    to.number("v", 1);
    to.count("seq", seq_);
    to.text("prev", prev_);
    to.number("ts", x.time);
    to.text("hub", x.hub);
    to.text("boot", x.boot);
    to.text("event", to_string(x.event));
    append_audit_members(to, x);
  }
  ++seq_;
  prev_before_ = std::exchange(prev_, audit_digest(result));
  return result + '\n';
}

void audit_chain::undo() {
  --seq_;
  prev_ = prev_before_;
}

audit_tail find_audit_tail(std::string_view end) noexcept {
  audit_tail result;
  const auto newline = end.rfind('\n');
  if (newline == end.npos) {
    result.torn = end;
    return result;
  }
  result.torn = end.substr(newline + 1);
  const auto whole = end.substr(0, newline);
  // Where there is no newline before, the line begins with the file.
  result.last_line = whole.substr(whole.rfind('\n') + 1);
  return result;
}

void audit_verifier::begin(std::string file) {
  file_ = std::move(file);
  line_ = 0;
}

void audit_verifier::fail(std::string why) {
  if (!broken_)
    broken_ = audit_break{file_, line_, std::move(why)};
}

void audit_verifier::line(std::string_view text, bool is_whole) {
  ++line_;
  if (broken_)
    return;
  if (!is_whole)
    return fail("the line is cut off: it has no newline at its end");
  auto parsed = parse_audit_line(text);
  if (const auto* why = std::get_if<std::string_view>(&parsed))
    return fail(std::string{*why});
  const auto& known = std::get<audit_line>(parsed);
  if (!expected_.empty()) {
    if (known.seq != last_seq_ + 1)
      return fail("seq is " + std::to_string(known.seq) + " and must be "
                  + std::to_string(last_seq_ + 1)
                  + ": lines are missing, or in another order");
    if (known.prev != expected_)
      return fail("prev is not the digest of the line before: one of both was "
                  "changed");
  } else {
    first_seq_ = known.seq;
    if (known.seq == 1 && known.prev != audit_chain_start())
      return fail("prev of the first line is not 64 zeros");
  }
  ++lines_;
  last_seq_ = known.seq;
  expected_ = audit_digest(text);
}

} // namespace clearance::protocol
