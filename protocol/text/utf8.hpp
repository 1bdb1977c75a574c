/// Decodes UTF-8, one sequence at a time.
#pragma once

#include <cstddef>
#include <string_view>

namespace clearance::protocol {

/// The sequence at one place of a text.
struct utf8_unit {
  char32_t code_point = 0; ///< U+FFFD when ill-formed
  /// in bytes; if ill-formed, that of the maximal subpart
  std::size_t length = 1;
  bool well_formed = false;
};

/// Decodes the sequence that begins at `bytes[i]`; `i` is less than
/// bytes.size(). Source: the Unicode standard 15.0, table 3-7 and "U+FFFD
/// Substitution of Maximal Subparts".
utf8_unit utf8_at(std::string_view bytes, std::size_t i) noexcept;

} // namespace clearance::protocol
