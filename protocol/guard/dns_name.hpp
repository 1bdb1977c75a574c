/// Names as they stand in DNS messages. Source: RFC 1035, section 4.1.4.
#pragma once

#include "protocol/guard/wire_reader.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Takes the name at `in`, which reads `message` and then stands behind the
/// name: in lower case, without the final dot. Empty: the root, or a name with
/// other characters than letters, digits, `-` and `_`. Nothing: malformed, or
/// longer than names are. A pointer leads to an earlier place only, so that no
/// two of them make a circle.
std::optional<std::string> take_dns_name(std::string_view message,
                                         wire_reader& in);

/// Whether `text` is such a name and not empty.
bool is_dns_name(std::string_view text) noexcept;

} // namespace clearance::protocol
