// Input: a line that a person or a script writes to `terok-clearance --plain`.

#include "protocol/operator/plain_command.hpp"

#include "protocol/operator/client_limits.hpp"
#include "protocol/text/utf8.hpp"
#include "test/fuzz/fuzz.hpp"

#include <algorithm>

namespace plain_command_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void check(const plain_command& x) {
  if (const auto* fault = std::get_if<plain_fault>(&x)) {
    require(!fault->why.empty()
                && std::all_of(fault->why.begin(), fault->why.end(),
                               [](char c) { return c >= ' ' && c <= '~'; }),
            "a fault is printable");
  } else if (const auto* decide = std::get_if<plain_decide>(&x)) {
    require(decide->number > 0, "prompts are counted from 1");
    for (std::size_t i = 0; i < decide->reason.size();) {
      const auto unit = utf8_at(decide->reason, i);
      require(unit.well_formed, "a reason is UTF-8");
      i += unit.length;
    }
  } else {
    const auto& order = std::get<plain_order>(x);
    const bool has_number = order.what == plain_order::kind::explain
                            || order.what == plain_order::kind::quiet;
    require(has_number == (order.number > 0), "a number where one belongs");
  }
}

void run(const std::uint8_t* data, std::size_t size) {
  const auto line = clearance::test::as_text(data, size);
  check(parse_plain_command(line));
  check(parse_json_command(line));
}

const clearance::test::fuzzer registered{"plain_command", run};

} // namespace

} // namespace plain_command_fuzzer
