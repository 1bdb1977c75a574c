/// How texts are made safe for logs, terminals, JSON and the shield.
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

/// Sets `out` to the sanitised `text`; reuses the memory of `out` when it is
/// large enough. `text` must not be a part of `out`.
void assign_sanitised(std::string& out, std::string_view text);

/// The same for a `text` that is printable ASCII: at most cuts it.
void assign_cut(std::string& out, std::string_view text);

/// Makes printable ASCII for a log line or a terminal: other bytes become
/// `\xNN`, a backslash becomes `\\`. At most `max_bytes` of the input are used;
/// if there are more, `...` follows.
std::string escaped(std::string_view bytes,
                    std::size_t max_bytes = std::string_view::npos);

/// Whether append_json() would append `text` unchanged. False for every text
/// with 0x7F or a byte that is not ASCII, though append_json() may leave those
/// unchanged, too.
bool is_plain_json(std::string_view text) noexcept;

/// Appends a JSON string, quotes included. Well-formed UTF-8 is appended
/// unchanged; control characters, quotes and backslashes are escaped; each
/// ill-formed byte becomes U+FFFD. Source: RFC 8259, section 7.
void append_json(std::string& out, std::string_view text);

/// `text` without ASCII white space at both ends.
std::string_view trimmed(std::string_view text) noexcept;

/// Returns `bytes` as UTF-8: each ill-formed byte sequence becomes U+FFFD, and
/// white space at both ends is removed. Used for the shield's stderr.
std::string trimmed_utf8(std::string_view bytes);

/// Replaces every byte outside a well-formed UTF-8 sequence, and in strings
/// every raw control byte and every lone surrogate escape (`\uD800` ...
/// `\uDFFF` without its partner), by one space. Control bytes between tokens
/// stay: those that are not JSON's white space make the line malformed. Returns
/// how many were replaced; 0 leaves the line as it was. Source:
/// clearance.md, section 2.
std::size_t repair_json(std::string& line);

} // namespace clearance::protocol
