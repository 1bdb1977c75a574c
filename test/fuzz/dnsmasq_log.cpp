#include "protocol/guard/dnsmasq_log.hpp"

#include "protocol/guard/dns_name.hpp"
#include "test/fuzz/fuzz.hpp"

#include <algorithm>

namespace dnsmasq_log_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  auto rest = clearance::test::as_text(data, size);
  dnsmasq_log log;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (const auto x = log.take(line)) {
      require(is_dns_name(x->name), "a name of the log is a name");
      require(x->addresses.size() == 1, "a line has one address");
    }
  }
}

const clearance::test::fuzzer registered{"dnsmasq_log", run};

} // namespace

} // namespace dnsmasq_log_fuzzer
