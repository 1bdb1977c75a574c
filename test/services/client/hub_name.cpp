#include "services/client/hub_name.hpp"

#include <doctest/doctest.h>

#include <string>

namespace hub_name_tests {

using namespace clearance::services;

TEST_CASE("a host is what ssh takes for one") {
  for (const char* host : {"far", "kim@far", "kim@far.example.org", "192.0.2.1",
                           "fe80::1%eth0", "ssh://kim@far:2222", "a_b-c"}) {
    CAPTURE(host);
    CHECK(host_fault(host).empty());
  }
}

// ssh reads `-oProxyCommand=...` as an option even where a host is expected;
// `--` stands in front of it, too.
TEST_CASE("a host is refused that is an option, or no host") {
  for (const std::string& host :
       {std::string{}, std::string{"-oProxyCommand=id"}, std::string{"-v"},
        std::string{"a b"}, std::string{"a\nb"}, std::string{"a/b"},
        std::string{"ssh://"}, std::string{"ssh://a/b"}, std::string{"."},
        std::string{"\xc3\xa4"}, std::string(256, 'a')}) {
    CAPTURE(host);
    CHECK_FALSE(host_fault(host).empty());
  }
}

TEST_CASE("a hub of this machine never has the name of one elsewhere") {
  CHECK(hub_name("/run/a.sock") == "/run/a.sock");
  CHECK(hub_name("a.sock") == "a.sock");
  CHECK(hub_name("far:/run/a.sock") == "./far:/run/a.sock");
  CHECK(hub_name("far", "/run/a.sock") == "far:/run/a.sock");
}

TEST_CASE("a name says on which machine the hub is") {
  CHECK(host_of("kim@far:/run/a.sock") == "kim@far");
  CHECK(host_of("ssh://far:22:/run/a.sock") == "ssh://far:22");
  CHECK(host_of("/run/a:/b.sock").empty());
  CHECK(host_of("./far:/run/a.sock").empty());
}

TEST_CASE("a label is short, and says the host") {
  CHECK(hub_label("/run/user/1/terok-clearance.sock") == "terok-clearance");
  CHECK(hub_label("/run/user/1/terok/clearance/6f1d/hub.sock") == "6f1d");
  CHECK(hub_label("kim@far:/run/user/1/terok-clearance.sock")
        == "kim@far:terok-clearance");
  CHECK(hub_label("ssh://far:22:/run/terok/clearance/6f1d/hub.sock")
        == "ssh://far:22:6f1d");
  CHECK(hub_label("./far:/run/a.sock") == "a");
  CHECK(hub_label("/a\x1b.sock") == "a\\x1b");
}

} // namespace hub_name_tests
