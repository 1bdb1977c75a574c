/// Text rules: what is shown, logged and compared.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Reduces well-formed UTF-8 in place to printable ASCII: each code point
/// outside 0x20..0x7E becomes one space; more than limits::text_max_chars
/// characters are cut. Ill-formed bytes become one space each.
/// Source: clearance.md, section 2, "Sanitising".
void sanitise(std::string& text);

/// Makes `out` the sanitised `text`, with `out`'s own memory when that is
/// enough. `text` must not lie in `out`.
void assign_sanitised(std::string& out, std::string_view text);

/// Printable ASCII for a log line or a terminal: other bytes as `\xNN`,
/// backslash as `\\`, at most `max_bytes` of the input and then `...`.
std::string escaped(std::string_view bytes,
                    std::size_t max_bytes = std::string_view::npos);

/// Whether append_json() would append `text` as it is. False for 0x7F and for
/// all that is not ASCII, though that may pass.
bool is_plain_json(std::string_view text) noexcept;

/// Appends a JSON string, quotes included. Well-formed UTF-8 passes as it is;
/// control characters, quote and backslash are escaped. Every ill-formed byte
/// becomes U+FFFD. Source: RFC 8259, section 7.
void append_json(std::string& out, std::string_view text);

/// Well-formed UTF-8 of `bytes`, every ill-formed byte sequence replaced by
/// U+FFFD, white space at both ends taken off. What became of the shield's
/// stderr.
std::string trimmed_utf8(std::string_view bytes);

/// Replaces every byte outside a well-formed UTF-8 sequence, and in strings
/// every raw control byte and every lone surrogate escape (`\uD800` ...
/// `\uDFFF` without its partner), by one space. Control bytes between tokens
/// stay: those that are not JSON's white space make the line malformed. Returns
/// how many were replaced; 0 leaves the line as it was. Source:
/// clearance.md, section 2.
std::size_t repair_json(std::string& line);

} // namespace clearance::protocol
