// Input: the lines of an audit trail. A line is read or refused with a reason;
// a chain goes on behind every line that is read; the end of a file is found.

#include "protocol/operator/audit_chain.hpp"
#include "test/fuzz/fuzz.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace audit_line_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

// A decision that is read is read the same again after it was written.
void write_again(const audit_line& x) {
  audit_record record;
  record.event = audit_event::decision_result;
  record.decision = decision_of(x);
  if (!record.decision)
    return;
  auto text = audit_chain{}.next(record);
  text.pop_back();
  const auto again = parse_audit_line(text);
  const auto* known = std::get_if<audit_line>(&again);
  require(known != nullptr && decision_of(*known) == record.decision,
          "a decision is read as it was written");
}

void run(const std::uint8_t* data, std::size_t size) {
  const auto text = clearance::test::as_text(data, size);
  const auto tail = find_audit_tail(text);
  require(tail.torn.size() + tail.last_line.size() <= text.size(),
          "the tail is part of the file");
  require(tail.torn.find('\n') == tail.torn.npos
              && tail.last_line.find('\n') == tail.last_line.npos,
          "a line has no newline");
  audit_verifier verifier;
  verifier.begin("f");
  std::size_t count = 0;
  for (auto rest = text; !rest.empty();) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    verifier.line(line, end != rest.npos);
    ++count;
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    const auto parsed = parse_audit_line(line);
    const auto* known = std::get_if<audit_line>(&parsed);
    const bool is_line = known != nullptr;
    if (is_line)
      write_again(*known);
    auto chain = audit_chain::resume(line);
    require(chain.has_value() == is_line, "a chain goes on behind a line");
    if (!chain)
      continue;
    auto next = chain->next({});
    next.pop_back();
    audit_verifier pair;
    pair.begin("g");
    pair.line(line);
    const bool is_good_start = !pair.broken();
    pair.line(next);
    require(!is_good_start || !pair.broken(), "the next line is of the chain");
  }
  require(verifier.lines() <= count, "lines are counted once");
  require(verifier.broken() || verifier.lines() == count,
          "every line is verified or breaks the chain");
}

const clearance::test::fuzzer registered{"audit_line", run};

} // namespace

} // namespace audit_line_fuzzer
