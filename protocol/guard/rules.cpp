#include "protocol/guard/rules.hpp"

#include "protocol/guard/limits.hpp"

#include <algorithm>
#include <tuple>

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

std::string hexadecimal(std::uint32_t x) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (int shift = 12; shift >= 0; shift -= 4)
    out += digits[x >> shift & 15];
  return out;
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

// Marks packets, and the connections that they belong to, that wait for a
// verdict: no mark that others use.
constexpr std::string_view held_mark = "0x7e600001";

std::string timed_set(const char* name, const char* address,
                      std::chrono::seconds time) {
  return std::string{"  set "} + name + " { type " + address
         + " . inet_proto; flags dynamic,timeout; timeout "
         + std::to_string(time.count()) + "s; size 4096; }\n";
}

// Where `--on-block hold` can be switched on: the first packet to a target
// makes it wait for guard_limits::hold_time. Then it is refused, and waits
// again only after guard_limits::hold_pause. A set that is full refuses, too.
// The sets are used in chains that nothing leads to at first.
std::string hold_chains() {
  std::string out;
  for (const auto& [name, address, time] :
       {std::tuple{"held4", "ipv4_addr", guard_limits::hold_time},
        std::tuple{"held6", "ipv6_addr", guard_limits::hold_time},
        std::tuple{"tried4", "ipv4_addr", guard_limits::hold_pause},
        std::tuple{"tried6", "ipv6_addr", guard_limits::hold_pause}})
    out += timed_set(name, address, time);
  return out + R"(
  chain wait {
    meta l4proto tcp drop
    goto refuse
  }
  chain tried {
    ip daddr . meta l4proto @held4 goto wait
    ip6 daddr . meta l4proto @held6 goto wait
    goto refuse
  }
  chain hold {
    ip daddr . meta l4proto @tried4 goto tried
    ip6 daddr . meta l4proto @tried6 goto tried
    add @tried4 { ip daddr . meta l4proto }
    add @tried6 { ip6 daddr . meta l4proto }
    add @held4 { ip daddr . meta l4proto }
    add @held6 { ip6 daddr . meta l4proto }
    goto tried
  }
  chain answer {
    goto refuse
  }
)";
}

// The kernel folds: of a flood to one target one packet a second is logged. The
// rate limit stands behind that, so that one target cannot use up the tokens of
// all others. What the limit leaves out is counted, and one packet a second
// says that something was left out.
std::string block_chain() {
  return R"(
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
)" + hold_chains()
         + R"(
  chain block {
    ip daddr . meta l4proto @seen4 goto answer
    ip6 daddr . meta l4proto @seen6 goto answer
    add @seen4 { ip daddr . meta l4proto }
    add @seen6 { ip6 daddr . meta l4proto }
    limit rate 2000/second burst 4096 packets log prefix ")"
         + std::string{blocked_prefix} + "\" group "
         + number(guard_limits::block_group) + " snaplen "
         + number(guard_limits::blocked_packet_max_bytes)
         + R"( queue-threshold 1 goto answer
    counter name unlogged
    limit rate 1/second burst 1 packets log prefix ")"
         + std::string{left_out_prefix} + "\" group "
         + number(guard_limits::block_group) + R"( snaplen 64 queue-threshold 1
    goto answer
  }
)";
}

std::string input_chain() {
  return R"(
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct mark )"
         + std::string{held_mark} + R"( drop
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
    "ip daddr @allow4 goto pass",
    "ip6 daddr @allow6 goto pass",
    "ip daddr @name4 goto pass",
    "ip6 daddr @name6 goto pass",
    "ip daddr @deny4n goto refuse",
    "ip6 daddr @deny6n goto refuse",
    // A packet that waits has a connection in the kernel's table, and a
    // neighbour could answer it.
    "ct state established,related ct mark != 0x7e600001 accept",
    "ip daddr @allow4n goto pass",
    "ip6 daddr @allow6n goto pass",
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

std::string table_text(const guard_state& state, old_table old) {
  const std::string table{guard_table};
  // "add" before "delete", so that "delete" does not fail without a table.
  std::string out =
      old == old_table::none
          ? std::string{}
          : "add table " + table + "\ndelete table " + table + '\n';
  out += "table " + table + " {" + std::string{sets} + block_chain()
         + input_chain() + R"(
  chain pass {
    ct mark )"
         + std::string{held_mark} + R"( ct mark set 0
    accept
  }
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

std::vector<std::string> table_texts(const guard_state& state, old_table old) {
  constexpr auto most = guard_limits::transaction_max_elements;
  if (state.allowed.size() + state.denied.size() <= most)
    return {table_text(state, old)};
  guard_state first = state;
  first.allowed.clear();
  first.denied.clear();
  first.mode = shield_mode::up;
  std::vector<std::string> result{table_text(first, old)};
  std::size_t count = 0;
  const auto append = [&](const std::set<ip_range>& targets, bool allow) {
    for (const auto& x : targets) {
      if (count++ == most) {
        result.emplace_back();
        count = 1;
      }
      result.back() += element("add", verdict_set(x, allow), to_string(x));
    }
  };
  append(state.denied, false);
  append(state.allowed, true);
  if (state.mode == shield_mode::down)
    result.push_back(mode_text(state));
  return result;
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

std::string hold_text(bool hold) {
  const auto chain = std::string{guard_table} + " answer";
  return "flush chain " + chain + "\nadd rule " + chain
         + (hold ? " goto hold\n" : " goto refuse\n");
}

std::string hold_datagrams_text(const std::vector<std::string>& devices) {
  const std::string table{hold_table};
  const auto wait = std::string{guard_table} + " wait";
  const std::string mark{held_mark};
  auto out = "add table " + table + "\ndelete table " + table + "\ntable "
             + table + " {\n";
  for (std::size_t i = 0; i < devices.size(); ++i)
    out += "  chain egress" + std::to_string(i)
           + " {\n    type filter hook egress device \"" + devices[i]
           + "\" priority filter; policy accept;\n    meta mark " + mark
           + " counter drop\n  }\n";
  return out + "}\nflush chain " + wait + "\nadd rule " + wait
         + " meta l4proto tcp drop\nadd rule " + wait + " ct mark set " + mark
         + "\nadd rule " + wait + " meta mark set " + mark + " accept\n";
}

// A container with CAP_NET_RAW may give its packets any mark and priority: it
// would have to guess 64 bits.
std::string stamp_text(const std::vector<std::string>& devices,
                       const packet_stamp& stamp) {
  const auto table = [](std::string full) {
    full += " terok_guard_stamp";
    return "add table " + full + "\ndelete table " + full + "\ntable " + full
           + " {\n";
  };
  const auto mark = number(stamp.mark);
  const auto priority = hexadecimal(stamp.priority >> 16) + ':'
                        + hexadecimal(stamp.priority & 0xffff);
  auto out = table("inet")
             + "  chain output {\n    type filter hook output priority 300;"
               " policy accept;\n    oifname \"lo\" accept\n    meta mark "
             + std::string{held_mark} + " accept\n    meta mark set " + mark
             + "\n    meta priority set " + priority + "\n  }\n}\n"
             + table("netdev");
  const auto rules =
      "\" priority 10; policy drop;\n    meta protocol arp accept\n"
      "    meta mark "
      + mark + " meta priority " + priority
      + " meta mark set 0 meta priority set none accept\n    counter\n  }\n";
  std::size_t count = 0;
  for (const auto& device : devices) {
    out += "  chain egress";
    out += number(count++);
    out += " {\n    type filter hook egress device \"";
    out += device;
    out += rules;
  }
  return out + "}\n";
}

bool is_plain_device(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
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
