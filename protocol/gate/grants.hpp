/// Who may do what with which repository.
#pragma once

#include "protocol/gate/git_route.hpp"
#include "protocol/text/sha256.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::protocol {

/// What one token opens.
struct grant {
  sha256_digest token{}; ///< its SHA-256: a file of them opens nothing
  std::string scope;     ///< a repository's name, or `*` for all
  bool writes = false;
};

enum class access : std::uint8_t {
  granted,
  unknown_token, ///< no grant is for any of the tokens
  other_scope,   ///< the token is known, but not for this repository
  read_only,     ///< the token is for this repository, but may not write
};

struct access_decision {
  access what = access::unknown_token;
  sha256_digest token{}; ///< the one that decided; zeros: none did
};

/// What a request with these tokens may do: the first one that is known
/// decides. Every grant is compared with every token, always and in constant
/// time: nothing can be learnt from how long that takes.
access_decision check(const std::vector<grant>& grants,
                      const std::vector<sha256_digest>& tokens,
                      std::string_view repository,
                      git_service service) noexcept;

/// Why a grants file is refused as a whole.
struct grants_error {
  std::string why;
};

/// Parses `{"grants":[{"token_sha256":"<64 hex digits>","scope":"<name>"|"*",
/// "access":"read-only"|"read-write"},...]}`. All three are required and
/// nothing else may stand there: a misspelt restriction must not be a
/// permission.
std::variant<std::vector<grant>, grants_error>
parse_grants(std::string_view text);

} // namespace clearance::protocol
