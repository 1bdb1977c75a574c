#include "protocol/guard/packet.hpp"
#include "test/fuzz/fuzz.hpp"

namespace ip_packet_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto bytes = clearance::test::as_text(data, size);
  const auto x = parse_packet(bytes);
  if (!x)
    return;
  const auto text = to_string(x->destination);
  require(parse_ip_address(text) == x->destination,
          "a destination's text is an address");
  require(x->udp_payload.size() <= size, "a payload lies within the packet");
  require(!x->fragment || x->port == 0, "a later fragment has no port");
  require(x->udp_payload.empty() || x->protocol == ip_protocol::udp,
          "only UDP has a payload");
}

const clearance::test::fuzzer registered{"ip_packet", run};

} // namespace

} // namespace ip_packet_fuzzer
