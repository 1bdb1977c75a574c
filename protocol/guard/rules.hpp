/// The firewall of a guarded network namespace, as text for libnftables. The
/// texts hold numbers and fixed words alone: nothing that anybody sends.
/// Source: nft(8); guard.md, sections 2 and 7.
#pragma once

#include "protocol/guard/guard_state.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// The name of our one table.
inline constexpr std::string_view guard_table = "inet terok_guard";

/// The name of the set of allowed or denied addresses, or networks, that
/// `target` belongs into.
std::string verdict_set(const ip_range& target, bool allow);

/// Whether the namespace may have our table already.
enum class old_table : std::uint8_t {
  maybe,
  /// Nothing is deleted. Otherwise the kernel lets whoever closes the socket
  /// wait until it has destroyed what was deleted: some 20 ms.
  none,
};

/// Makes the table anew with what `state` says, in one transaction: no packet
/// passes between the old table and the new one. Elements with a time limit
/// are gone.
std::string table_text(const guard_state& state,
                       old_table old = old_table::maybe);

/// The same as table_text(), in several transactions: the kernel takes a few
/// thousand elements at once. The first one denies by default, and has the
/// denied targets before the allowed ones, so that nothing passes in between
/// that may not pass at the end. Execute them in this order.
std::vector<std::string> table_texts(const guard_state& state,
                                     old_table old = old_table::maybe);

/// What a verdict about `target` changes, in one transaction; `after` is the
/// state with the verdict in it. With `time` the element ends by itself; a
/// network cannot have one. A deny also ends open connections.
std::string verdict_text(const guard_state& after, const ip_range& target,
                         bool allow, std::optional<std::chrono::seconds> time);

/// The table for packets that leave by a device, of hold_datagrams_text().
inline constexpr std::string_view hold_table = "netdev terok_guard";

/// Makes what is blocked wait for a verdict, or be refused at once. A TCP
/// connection that waits is repeated by the kernel, and succeeds after an
/// allow. Everything else is refused until hold_datagrams_text() was loaded.
std::string hold_text(bool hold);

/// Makes everything else wait, too. A packet that is dropped in `output` is an
/// error for the program that sends it; so the packet passes with a mark, and
/// is dropped where it leaves. Needs Linux 5.16. `devices`: all but loopback,
/// see is_plain_device().
std::string hold_datagrams_text(const std::vector<std::string>& devices);

/// Two random numbers that a container cannot know.
struct packet_stamp {
  std::uint32_t mark = 0;
  std::uint32_t priority = 0;
};

/// Stops what leaves by a device without having passed our output chain, as
/// packets of a packet socket (CAP_NET_RAW) do: what passed gets the stamp, and
/// where it leaves the stamp is required and taken off again, before anybody in
/// the container can see it. ARP passes. Packets of AF_XDP sockets are not
/// stopped. Needs Linux 5.16. `devices`: as for hold_datagrams_text().
std::string stamp_text(const std::vector<std::string>& devices,
                       const packet_stamp& stamp);

/// Whether the name can stand in a rule: a container may give its devices any
/// name.
bool is_plain_device(std::string_view name) noexcept;

/// Makes the firewall deny by default, or not, as `after.mode` says. Keeps all
/// elements.
std::string mode_text(const guard_state& after);

/// Of each blocked packet the prefix holds this word: that of terok-shield's
/// rules is TEROK_SHIELD_BLOCKED.
inline constexpr std::string_view blocked_prefix = "BLOCKED";

/// The prefix of a packet that stands for others, which the block rule's rate
/// limit left out: one a second.
inline constexpr std::string_view left_out_prefix = "LEFT_OUT";

/// What the shield can do beyond allow and deny, one word each.
/// exact-names: an allowed name does not stand for names below it.
/// for: `--for` is known. Source: operator.md, section 8.
inline constexpr std::string_view guard_capabilities[] = {
    "exact-names",
    "for",
};

} // namespace clearance::protocol
