#include "protocol/guard/routes.hpp"

#include <doctest/doctest.h>

#include <string>

namespace guard_routes_tests {

using namespace clearance::protocol;

namespace {

const std::string head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\t"
                         "Metric\tMask\t\tMTU\tWindow\tIRTT   \n";
const std::string link =
    "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0  \n";

std::string v4_route(const std::string& device, const std::string& flags,
                     const std::string& mask) {
  return head + link + device + "\t00000000\t010200C0\t" + flags + "\t0\t0\t0\t"
         + mask + "\t0\t0\t0  \n";
}

const std::string zeros(32, '0');

std::string v6_route(const std::string& size, const std::string& flags,
                     const std::string& device) {
  return zeros + ' ' + size + ' ' + zeros + " 00 " + zeros
         + " 00000400 00000003 00000000 " + flags + "     " + device + '\n';
}

} // namespace

TEST_CASE("a default route leads out by a device that is not loopback") {
  CHECK(has_default_route_v4(v4_route("eth0", "0003", "00000000")));
  CHECK(has_default_route_v6(v6_route("00", "00000003", "eth0")));
}

TEST_CASE("other routes are no default routes") {
  for (const auto& text :
       {std::string{}, head, head + link, v4_route("eth0", "0003", "000000FF"),
        v4_route("eth0", "0002", "00000000"),
        v4_route("eth0", "0201", "00000000"), v4_route("lo", "1", "00000000"),
        v4_route("eth0", "x3", "00000000"), std::string{"eth0\t00000000"}}) {
    CAPTURE(text);
    CHECK_FALSE(has_default_route_v4(text));
  }
  for (const auto& text :
       {std::string{}, v6_route("40", "00000003", "eth0"),
        v6_route("00", "00200200", "lo"), v6_route("00", "00200201", "eth0"),
        v6_route("00", "00000003", ""), zeros + " 00"}) {
    CAPTURE(text);
    CHECK_FALSE(has_default_route_v6(text));
  }
}

} // namespace guard_routes_tests
