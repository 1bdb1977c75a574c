#include "protocol/guard/routes.hpp"

#include "test/fuzz/fuzz.hpp"

#include <string>

namespace routes_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto text = clearance::test::as_text(data, size);
  // A line more decides nothing about those before it.
  const std::string more = std::string{text} + "\neth0 x\n";
  require(has_default_route_v4(text) == has_default_route_v4(more),
          "each line stands for itself");
  require(has_default_route_v6(text) == has_default_route_v6(more),
          "each line stands for itself");
}

const clearance::test::fuzzer registered{"routes", run};

} // namespace

} // namespace routes_fuzzer
