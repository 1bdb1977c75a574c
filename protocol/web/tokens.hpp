/// Tokens that let a browser in. Source: clients.md, section 4.
#pragma once

#include "protocol/base/time.hpp"
#include "protocol/text/sha256.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Where a token comes from: bytes that nobody can guess.
using web_random = std::array<unsigned char, 32>;

/// A link has a one-time token. The page trades it for a bearer token, which
/// stands for the operator from then on. Only digests of tokens are kept, and
/// they are compared in constant time.
class web_tokens {
public:
  /// A new one-time token. Without `until` it is valid until it is traded.
  std::string issue(const web_random& random, std::optional<time_point> until);

  /// Takes a one-time token and returns a bearer token, made of `random`.
  /// Nothing: there is no such token, it was traded before, or it is too old.
  std::optional<std::string> trade(std::string_view token,
                                   const web_random& random, time_point now);

  /// When the bearer token ends to be valid; nothing: it is not valid at `now`.
  std::optional<time_point> bearer_until(std::string_view token,
                                         time_point now) const;

private:
  struct entry {
    sha256_digest digest;
    std::optional<time_point> until;
  };

  std::deque<entry> one_time_; // the oldest first
  std::deque<entry> bearers_;
};

} // namespace clearance::protocol
