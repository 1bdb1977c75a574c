#include "protocol/guard/address.hpp"
#include "test/fuzz/fuzz.hpp"

namespace ip_target_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto x = parse_target(clearance::test::as_text(data, size));
  if (!x)
    return;
  const auto text = to_string(*x);
  require(parse_target(text) == x, "a target's text means the target");
  require(x->contains(x->address), "a target contains its first address");
  for (const char c : text)
    require((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '.'
                || c == ':' || c == '/',
            "a rule's text holds nothing else");
}

const clearance::test::fuzzer registered{"ip_target", run};

} // namespace

} // namespace ip_target_fuzzer
