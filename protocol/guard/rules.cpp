#include "protocol/guard/rules.hpp"

#include "protocol/guard/limits.hpp"

#include <algorithm>

namespace clearance::protocol {

// The order of the rules decides: an exact deny, an exact allow, a denied
// network, established connections, an allowed network, the block. The exact
// deny stands before established connections, so a deny ends open connections.
// TCP is refused by a reset, because an icmpx reject reaches IPv6 TCP only
// after one second.

namespace {

std::string number(std::size_t x) {
  return std::to_string(x);
}

std::string element(std::string_view verb, const std::string& set,
                    const std::string& what) {
  std::string out{verb};
  out += " element ";
  out += guard_table;
  out += ' ';
  out += set;
  out += " { ";
  out += what;
  out += " }\n";
  return out;
}

void append_elements(std::string& out, const std::set<ip_range>& targets,
                     bool allow) {
  for (const auto& x : targets)
    out += element("add", verdict_set(x, allow), to_string(x));
}

// "timeout 0s" does not mean "for ever" (the default of the set is taken), so
// the sets have no default and an element without a time limit names none.
constexpr std::string_view sets = R"(
  set deny4 { type ipv4_addr; flags timeout; }
  set deny6 { type ipv6_addr; flags timeout; }
  set allow4 { type ipv4_addr; flags timeout; }
  set allow6 { type ipv6_addr; flags timeout; }
  set name4 { type ipv4_addr; flags timeout; size 16384; }
  set name6 { type ipv6_addr; flags timeout; size 16384; }
  set deny4n { type ipv4_addr; flags interval; auto-merge; }
  set deny6n { type ipv6_addr; flags interval; auto-merge; }
  set allow4n { type ipv4_addr; flags interval; auto-merge; }
  set allow6n { type ipv6_addr; flags interval; auto-merge; }
  set seen4 { type ipv4_addr . inet_proto; flags dynamic,timeout; timeout 1s; size 4096; }
  set seen6 { type ipv6_addr . inet_proto; flags dynamic,timeout; timeout 1s; size 4096; }
  counter unlogged { }
)";

// The kernel folds: of a flood to one target one packet a second is logged. The
// rate limit stands behind that, so that one target cannot use up the tokens of
// all others. What the limit leaves out is counted.
std::string block_chain() {
  return R"(
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain block {
    ip daddr . meta l4proto @seen4 goto refuse
    ip6 daddr . meta l4proto @seen6 goto refuse
    add @seen4 { ip daddr . meta l4proto }
    add @seen6 { ip6 daddr . meta l4proto }
    limit rate 2000/second burst 4096 packets log prefix ")"
         + std::string{blocked_prefix} + "\" group "
         + number(guard_limits::block_group) + " snaplen "
         + number(guard_limits::blocked_packet_max_bytes)
         + R"( queue-threshold 1 goto refuse
    counter name unlogged
    goto refuse
  }
)";
}

std::string input_chain() {
  return R"(
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    udp sport 53 ct state established log group )"
         + number(guard_limits::answer_group) + " snaplen "
         + number(guard_limits::answer_packet_max_bytes)
         + R"( queue-threshold 1 accept
    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } ip6 hoplimit 255 accept
  }
)";
}

// Neighbour discovery is accepted, or no allowed IPv6 connection comes up.
constexpr std::string_view output_rules[] = {
    "oifname \"lo\" accept",
    ("icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert,"
     " nd-router-solicit } accept"),
    "ip6 daddr ff02::/16 drop",
    "ip daddr @deny4 goto refuse",
    "ip6 daddr @deny6 goto refuse",
    "ip daddr @allow4 accept",
    "ip6 daddr @allow6 accept",
    "ip daddr @name4 accept",
    "ip6 daddr @name6 accept",
    "ip daddr @deny4n goto refuse",
    "ip6 daddr @deny6n goto refuse",
    "ct state established,related accept",
    "ip daddr @allow4n accept",
    "ip6 daddr @allow6n accept",
};

constexpr std::string_view last_rule(shield_mode mode) noexcept {
  return mode == shield_mode::up ? "goto block" : "accept";
}

} // namespace

std::string verdict_set(const ip_range& target, bool allow) {
  std::string name = allow ? "allow" : "deny";
  name += !target.base.is_ipv4() ? '6' : '4';
  if (is_network(target))
    name += 'n';
  return name;
}

std::string table_text(const guard_state& state) {
  const std::string table{guard_table};
  // "add" before "delete", so that "delete" does not fail without a table.
  std::string out = "add table " + table + "\ndelete table " + table
                    + "\ntable " + table + " {" + std::string{sets}
                    + block_chain() + input_chain() + R"(
  chain output {
    type filter hook output priority filter; policy drop;
)";
  for (const auto rule : output_rules)
    out += "    " + std::string{rule} + '\n';
  out += "    " + std::string{last_rule(state.mode)} + R"(
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
  }
}
)";
  append_elements(out, state.allowed, true);
  append_elements(out, state.denied, false);
  return out;
}

std::string verdict_text(const guard_state& after, const ip_range& target,
                         bool allow, std::optional<std::chrono::seconds> time) {
  std::string out;
  if (is_network(target)) {
    // A set that merges cannot give back a part, so it is filled anew.
    for (const bool which : {true, false}) {
      out += "flush set " + std::string{guard_table} + ' '
             + verdict_set(target, which) + '\n';
      for (const auto& x : which ? after.allowed : after.denied)
        if (is_network(x) && !x.base.is_ipv4() == !target.base.is_ipv4())
          out += element("add", verdict_set(x, which), to_string(x));
    }
    return out;
  }
  const auto text = to_string(target);
  for (const bool which : {!allow, allow}) {
    // An element that is there is not changed by "add", and one that is not
    // there cannot be deleted.
    out += element("add", verdict_set(target, which), text);
    out += element("delete", verdict_set(target, which), text);
  }
  const auto limit =
      time ? " timeout " + std::to_string(time->count()) + "s" : std::string{};
  out += element("add", verdict_set(target, allow), text + limit);
  return out;
}

std::string named_addresses_text(const std::vector<dns_address>& all) {
  std::string out;
  for (const auto& x : all) {
    if (is_special(x.address))
      continue;
    const std::string set = x.address.is_ipv4() ? "name4" : "name6";
    const auto text = to_string(x.address);
    const auto time =
        std::clamp(std::chrono::seconds{x.ttl}, guard_limits::named_min_time,
                   guard_limits::named_max_time);
    // An element that is there keeps its old time otherwise.
    out += element("add", set, text);
    out += element("delete", set, text);
    out += element("add", set,
                   text + " timeout " + std::to_string(time.count()) + "s");
  }
  return out;
}

std::string forget_names_text() {
  const auto flush = "flush set " + std::string{guard_table} + ' ';
  return flush + "name4\n" + flush + "name6\n";
}

std::string mode_text(const guard_state& after) {
  const std::string chain = std::string{guard_table} + " output";
  std::string out = "flush chain " + chain + '\n';
  for (const auto rule : output_rules)
    out += "add rule " + chain + ' ' + std::string{rule} + '\n';
  out += "add rule " + chain + ' ' + std::string{last_rule(after.mode)} + '\n';
  return out;
}

} // namespace clearance::protocol
