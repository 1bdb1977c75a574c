/// A verdict about one address, as netlink messages for nf_tables. Loading
/// libnftables for it would take longer than all the rest of a verdict. Source:
/// linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h.
#pragma once

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

} // namespace clearance::protocol
