#include "protocol/guard/dns_answer.hpp"

#include "protocol/guard/dns_name.hpp"
#include "protocol/guard/limits.hpp"
#include "test/fuzz/fuzz.hpp"

namespace dns_answer_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto x = parse_dns_answer(clearance::test::as_text(data, size));
  if (!x)
    return;
  require(is_dns_name(x->name), "an answer's name is one");
  require(x->addresses.size() <= guard_limits::answer_max_records,
          "an answer has no more addresses than records");
  for (std::size_t i = 0; i < x->addresses.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      require(x->addresses[i].address != x->addresses[j].address,
              "each address stands once");
}

const clearance::test::fuzzer registered{"dns_answer", run};

} // namespace

} // namespace dns_answer_fuzzer
