/// A short name of a token, for the names of its backups. Nobody can use it to
/// log in.
#pragma once

#include "protocol/text/sha256.hpp"

#include <string>
#include <string_view>

namespace clearance::protocol {

/// The first eight digits of the token's digest.
std::string token_mark(const sha256_digest& token);

/// Whether `text` has the form of such a mark.
bool is_token_mark(std::string_view text) noexcept;

} // namespace clearance::protocol
