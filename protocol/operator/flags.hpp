/// Facts about a target that an operator has to know before a decision.
#pragma once

#include "protocol/operator/address.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace clearance::protocol {

/// The order is the order on the wire. Source: operator.md, sections 2 and 8.
enum class flag : std::uint8_t {
  private_address,  ///< an address of a private network
  loopback,         ///< an address or name of the machine itself
  link_local,       ///< an address that is valid on the local link only
  metadata_service, ///< a cloud gives a machine its credentials there
  shared_address,   ///< another target of the container has the same address
  punycode,         ///< the name is written in punycode
  no_name,          ///< there is no name
  many_targets,     ///< the container has very many open prompts
  allowed_before,   ///< allowed a short time ago, and blocked again
  bad_name,         ///< the domain is no name
  automatic_failed, ///< an automatic decision failed or had no effect
  wide_target,      ///< an allow may open more than one host
};

inline constexpr std::size_t flag_count = 12;

/// The word on the wire; a literal.
std::string_view to_string(flag x) noexcept;

/// A set of flags.
class flag_set {
public:
  constexpr flag_set() noexcept = default;

  constexpr bool has(flag x) const noexcept { return (bits_ & bit(x)) != 0; }
  constexpr void add(flag x) noexcept { bits_ |= bit(x); }
  constexpr bool empty() const noexcept { return bits_ == 0; }

  /// The flags that are in both sets.
  friend constexpr flag_set operator&(flag_set a, flag_set b) noexcept {
    a.bits_ &= b.bits_;
    return a;
  }
  friend constexpr flag_set operator|(flag_set a, flag_set b) noexcept {
    a.bits_ |= b.bits_;
    return a;
  }
  friend constexpr bool operator==(flag_set, flag_set) noexcept = default;

  std::vector<std::string_view> words() const;

private:
  static constexpr std::uint16_t bit(flag x) noexcept {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(x));
  }

  std::uint16_t bits_ = 0;
};

/// The facts from which the flags of one prompt are found.
struct flag_facts {
  /// The block's domain. Empty: the target is an address.
  std::string_view domain;
  /// All addresses with which the target was seen.
  std::span<const ip_address> addresses;
  /// Another target of the container has one of the addresses.
  bool address_is_shared = false;
  std::size_t open_prompts_of_container = 0;
  /// A prompt of the same target was allowed and is still visible.
  bool allowed_before = false;
  bool automatic_failed = false;
  /// A block's address field has a network in it, or no address at all.
  bool has_odd_address = false;
};

/// All flags that are true for `x`.
flag_set find_flags(const flag_facts& x);

/// The flags that depend on one address only: private_address, loopback,
/// link_local and metadata_service. An IPv4 address within `x` counts, too.
flag_set find_flags(const ip_address& x) noexcept;

/// The flags that the last function can return. A target with one of these
/// flags is allowed automatically only by a rule with a literal range.
flag_set address_flags() noexcept;

/// Whether `x` is one address that has the flag, or is within one special range
/// of this flag. Such a rule means these addresses; a rule with `0.0.0.0/0`
/// does not.
bool lies_within(const ip_range& x, flag which) noexcept;

/// More open prompts of a container than this are flagged many_targets.
inline constexpr std::size_t many_targets_min = 20;

} // namespace clearance::protocol
