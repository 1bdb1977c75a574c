/// HTTP Basic authentication, of which the gate uses the user name alone.
#pragma once

#include "protocol/text/secret.hpp"

#include <optional>
#include <string_view>

namespace clearance::protocol {

/// The user name of an Authorization header's value. Nothing: another scheme,
/// not base64 (RFC 4648, section 4, padding included), no colon, or an empty
/// user. The scheme's case does not matter. Source: RFC 7617.
std::optional<secret> basic_user(std::string_view authorization);

} // namespace clearance::protocol
