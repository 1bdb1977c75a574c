/// The query log of dnsmasq, in which terok-shield's containers look up their
/// names. Source: dnsmasq(8), --log-queries.
#pragma once

#include "protocol/guard/dns_answer.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Takes the log line by line, and finds which name was given which address:
///
///     Nov 29 10:11:12 dnsmasq[71]: reply www.example.org is <CNAME>
///     Nov 29 10:11:12 dnsmasq[71]: reply example.org is 203.0.113.7
///
/// The lines of one answer stand together, so an alias is the name that its
/// next lines are about. A container can have any name asked for: the result is
/// a claim, as that of parse_dns_answer().
class dnsmasq_log {
public:
  /// A line, without its end. Nothing: it gives no name an address.
  std::optional<dns_answer> take(std::string_view line);

private:
  std::string alias_;  // that was asked for; empty: the last line was no alias
  std::string target_; // what its next lines are about
};

} // namespace clearance::protocol
