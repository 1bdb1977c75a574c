#include "protocol/guard/dns_frame.hpp"

#include "test/fuzz/fuzz.hpp"

namespace dns_frame_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;
using kind = dns_frame::kind;

void run(const std::uint8_t* data, std::size_t size) {
  const auto bytes = clearance::test::as_text(data, size);
  constexpr std::size_t max_bytes = 300;
  const auto x = first_dns_frame(bytes, max_bytes);
  if (x.what != kind::complete) {
    require(x.message.empty() && x.bytes == 0, "nothing is there");
    require(x.what == kind::malformed || bytes.size() < max_bytes + 2,
            "enough bytes are a message");
    return;
  }
  require(!x.message.empty() && x.message.size() <= max_bytes,
          "a message has the allowed size");
  require(bytes.substr(0, x.bytes) == dns_frame_of(x.message),
          "it is what stood there");
}

const clearance::test::fuzzer registered{"dns_frame", run};

} // namespace

} // namespace dns_frame_fuzzer
