/// A hash of texts that a peer chooses.
#pragma once

#include <cstdint>
#include <string_view>

namespace clearance::protocol {

/// SipHash-1-3 with random keys: whoever does not know the keys cannot prepare
/// texts of equal hash, which would make an index compare all of them. Source:
/// Aumasson and Bernstein, "SipHash: a fast short-input PRF".
class keyed_hash {
public:
  /// Keys that nobody knows.
  keyed_hash();

  keyed_hash(std::uint64_t key0, std::uint64_t key1) noexcept
      : key0_(key0), key1_(key1) {
    // nop
  }

  std::uint64_t operator()(std::string_view text) const noexcept;

private:
  std::uint64_t key0_;
  std::uint64_t key1_;
};

} // namespace clearance::protocol
