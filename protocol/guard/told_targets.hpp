/// Which blocked targets the hub was told of, and which packets were lost.
#pragma once

#include "protocol/base/time.hpp"
#include "protocol/guard/target.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>

namespace clearance::protocol {

/// One line for the hub: a program that tries again is no new block. The port
/// is no part of it, because a verdict is about an address.
struct blocked_target {
  ip_address destination;
  std::uint8_t protocol = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a 0 in it
  auto operator<=>(const blocked_target&) const = default;
};

/// Remembers each target for guard_limits::block_repeat.
class told_targets {
public:
  /// Whether the hub is to be told of `x` now.
  bool is_due(const blocked_target& x, time_point now);

  /// The hub was told. Call it only after the line was sent: what the hub did
  /// not get stays due.
  void told(const blocked_target& x, time_point now);

  std::size_t size() const noexcept { return known_.size(); }

private:
  void forget_old(time_point now);

  struct entry {
    blocked_target target;
    time_point when;
  };

  std::set<blocked_target> known_;
  std::deque<entry> order_; // by time, the oldest first
};

/// Counts what is missing in the numbers of one NFLOG group.
class sequence_gap {
public:
  /// How many packets were lost before the one with this number.
  std::uint32_t before(std::uint32_t sequence) noexcept;

private:
  std::optional<std::uint32_t> last_;
};

} // namespace clearance::protocol
