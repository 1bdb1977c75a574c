/// Where a client may put its token: HTTP's Basic and Bearer authentication.
#pragma once

#include "protocol/text/secret.hpp"

#include <string_view>
#include <vector>

namespace clearance::protocol {

/// What may be the token in an Authorization header's value, most likely first:
/// the user name and the password of Basic, each unless it is empty, or the
/// token of Bearer. Empty: another scheme, a Basic that is not base64 (RFC
/// 4648, section 4, padding included) or has no colon, a Bearer with white
/// space in it. The scheme's case does not matter. Source: RFC 7617, RFC 6750.
std::vector<secret> read_credentials(std::string_view authorization);

} // namespace clearance::protocol
