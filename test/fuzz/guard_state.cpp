#include "protocol/guard/limits.hpp"
#include "protocol/guard/rules.hpp"
#include "test/fuzz/fuzz.hpp"

namespace guard_state_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto text = clearance::test::as_text(data, size);
  const auto parsed = parse_state(text);
  const auto* x = std::get_if<guard_state>(&parsed);
  if (x == nullptr)
    return;
  require(state_text(*x) == text, "a state has one text");
  require(is_guard_name(x->container), "a container can name a file");
  require(is_called(*x, x->container), "a container is called by its id");
  for (const char c : table_text(*x))
    require(c == '\n' || (c >= 0x20 && c <= 0x7e), "rules are printable");
}

const clearance::test::fuzzer registered{"guard_state", run};

} // namespace

} // namespace guard_state_fuzzer
