#include "protocol/gate/push_report.hpp"

#include "protocol/gate/limits.hpp"
#include "test/fuzz/fuzz.hpp"

namespace push_report_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

// The report is read whole, and one byte at a time.
void run(const std::uint8_t* data, std::size_t size) {
  const auto text = clearance::test::as_text(data, size);
  push_report whole;
  whole.feed(text);
  push_report pieces;
  for (std::size_t i = 0; i < text.size(); ++i)
    pieces.feed(text.substr(i, 1));
  require(whole.declined() == pieces.declined(), "as many are declined");
  require(whole.first_declined() == pieces.first_declined(), "by their name");
  require(whole.said() == pieces.said(), "the words are the same");
  require(whole.said().size() <= gate_limits::backend_log_max_lines, "bounded");
  for (const auto& x : whole.said())
    require(x.size() <= gate_limits::backend_log_line_max_bytes, "bounded");
}

const clearance::test::fuzzer registered{"push_report", run};

} // namespace

} // namespace push_report_fuzzer
