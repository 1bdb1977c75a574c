#include "protocol/guard/dnsmasq_log.hpp"

#include <doctest/doctest.h>

#include <string>

namespace guard_dnsmasq_log_tests {

using namespace clearance::protocol;

namespace {

const std::string head = "Nov 29 10:11:12 dnsmasq[71]: ";

// `NAME ADDRESS`, or `-`.
std::string taken(dnsmasq_log& log, const std::string& line) {
  const auto x = log.take(line);
  return x ? x->name + ' ' + to_string(x->addresses.at(0).address) : "-";
}

std::string alone(const std::string& line) {
  dnsmasq_log log;
  return taken(log, line);
}

} // namespace

TEST_CASE("a reply and what is cached give a name its address") {
  CHECK(alone(head + "reply www.example.org is 203.0.113.7")
        == "www.example.org 203.0.113.7");
  CHECK(alone(head + "cached Example.ORG. is 2001:db8::1")
        == "example.org 2001:db8::1");
  CHECK(alone("Nov  9 10:11:12 dnsmasq[1]: 12 127.0.0.1/4001 reply a.b is "
              "203.0.113.7")
        == "a.b 203.0.113.7");
}

TEST_CASE("an alias is the name that its next lines are about") {
  dnsmasq_log log;
  CHECK(taken(log, head + "reply www.example.org is <CNAME>") == "-");
  CHECK(taken(log, head + "reply edge.example.net is <CNAME>") == "-");
  CHECK(taken(log, head + "reply host.example.net is 203.0.113.7")
        == "www.example.org 203.0.113.7");
  CHECK(taken(log, head + "reply host.example.net is 203.0.113.8")
        == "www.example.org 203.0.113.8");
  // Another name: the answer has ended.
  CHECK(taken(log, head + "reply other.example is 203.0.113.9")
        == "other.example 203.0.113.9");
  CHECK(taken(log, head + "reply host.example.net is 203.0.113.8")
        == "host.example.net 203.0.113.8");
}

TEST_CASE("a line between an alias and an address ends the alias") {
  for (const auto* between : {"query[A] x.example from 127.0.0.1",
                              "reply gone.example is NXDOMAIN", ""}) {
    CAPTURE(between);
    dnsmasq_log log;
    taken(log, head + "reply www.example.org is <CNAME>");
    CHECK(taken(log, head + between) == "-");
    CHECK(taken(log, head + "reply host.example.net is 203.0.113.7")
          == "host.example.net 203.0.113.7");
  }
}

TEST_CASE("a name that is asked for cannot look like a reply") {
  // What a container asks for stands in the log, too.
  CHECK(alone(head
              + "query[A] x dnsmasq[1]: reply a.example is 203.0.113.7 from "
                "127.0.0.1")
        == "-");
  CHECK(alone(head + "query[A] reply a.example is 203.0.113.7") == "-");
  CHECK(alone(head + "reply a.example is 203.0.113.7 is 203.0.113.8") == "-");
}

TEST_CASE("other lines give nothing, cut at every byte, too") {
  const auto whole = head + "reply a.example is 203.0.113.7";
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    CAPTURE(i);
    const auto x = alone(whole.substr(0, i));
    // The last digits of an address may be cut.
    CHECK((x == "-" || i + 3 > whole.size()));
  }
  for (const auto* text :
       {"reply a.example is", "reply a_b!.example is 203.0.113.7",
        "reply .a is 203.0.113.7", "forwarded a.example to 9.9.9.9",
        "reply a.example is 203.0.113.007", "reply a.example was 203.0.113.7"})
    CHECK(alone(head + text) == "-");
  CHECK(alone("reply a.example is 203.0.113.7") == "-");
  CHECK(alone("Nov 29 10:11:12 dnsmasq[]: reply a.example is 203.0.113.7")
        == "-");
}

} // namespace guard_dnsmasq_log_tests
