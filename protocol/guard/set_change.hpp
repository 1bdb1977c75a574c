/// Changes of the firewall's sets, as netlink messages for nf_tables. Loading
/// libnftables for them would take longer than all the rest of a verdict.
/// Source: linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h.
#pragma once

#include "protocol/guard/dns_answer.hpp"
#include "protocol/guard/target.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace clearance::protocol {

/// One datagram that puts the addresses into the allowed or the denied set and
/// takes them out of the other one: all of it, or nothing. With `time` they end
/// by themselves. It has the effect of verdict_text(), for addresses that are
/// no networks. The kernel answers with an nflog_answer.
std::string address_verdict(const std::vector<ip_range>& addresses, bool allow,
                            std::optional<std::chrono::seconds> time);

/// One datagram that opens the addresses of an allowed name, for as long as
/// their records are valid; see guard_limits::named_min_time. Addresses of a
/// special purpose are left out: whoever answers for a name must not open the
/// operator's own network. What was denied stays denied. Empty: there is
/// nothing to open.
std::string open_named_addresses(const std::vector<dns_address>& all);

/// One datagram that closes the addresses of all allowed names, before their
/// time: a name that is denied may have opened more addresses than it has now.
/// Whoever keeps names open then opens those again that are still allowed.
std::string close_named_addresses();

} // namespace clearance::protocol
