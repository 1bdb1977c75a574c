#include "protocol/gate/grants.hpp"

#include "protocol/gate/limits.hpp"
#include "test/fuzz/fuzz.hpp"

namespace grants_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto result = parse_grants(clearance::test::as_text(data, size));
  if (const auto* error = std::get_if<grants_error>(&result)) {
    require(!error->why.empty(), "a refusal says why");
    for (const char c : error->why)
      require(c >= 0x20 && c < 0x7f, "and can be shown");
    return;
  }
  const auto& list = std::get<std::vector<grant>>(result);
  require(list.size() <= gate_limits::grants_max, "the list is bounded");
  for (const auto& x : list) {
    require(x.scope == "*" || is_repository_name(x.scope), "a scope is one");
    const auto name = x.scope == "*" ? "any" : x.scope;
    require(check(list, {x.token}, name, git_service::upload_pack).what
                == access::granted,
            "whoever has a grant may read");
    require(!x.writes
                || check(list, {x.token}, name, git_service::receive_pack).what
                       == access::granted,
            "a writer may write");
  }
}

const clearance::test::fuzzer registered{"grants", run};

} // namespace

} // namespace grants_fuzzer
