/// SHA-256. Source: FIPS 180-4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace clearance::protocol {

using sha256_digest = std::array<std::uint8_t, 32>;

/// The digest of `bytes`. No copy of `bytes` is left in memory.
sha256_digest sha256(std::string_view bytes) noexcept;

/// Takes 64 hexadecimal digits, small or capital; nothing for any other text.
std::optional<sha256_digest> parse_sha256(std::string_view hex) noexcept;

/// Takes the same time wherever the digests differ.
bool equal_in_constant_time(const sha256_digest& a,
                            const sha256_digest& b) noexcept;

} // namespace clearance::protocol
