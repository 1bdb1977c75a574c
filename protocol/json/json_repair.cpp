// One pass from left to right, in place: nothing is shorter than the space that
// replaces it, so the output never overtakes the input. The only state is
// whether the current byte is within a string. A line that is no JSON for other
// reasons becomes some other line that is no JSON.

#include "protocol/text/text.hpp"
#include "protocol/text/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace clearance::protocol {

namespace {

/// The bytes of `\uXXXX`.
constexpr std::size_t escape_size = 6;

/// The code unit of the `\uXXXX` that begins at `line[i]`; nothing if there is
/// no complete one.
std::optional<std::uint16_t> unit_escape(std::string_view line,
                                         std::size_t i) noexcept {
  auto text = line.substr(i, escape_size);
  if (text.size() < escape_size || !text.starts_with("\\u"))
    return std::nullopt;
  std::uint16_t unit = 0;
  const auto* end = text.data() + text.size();
  auto result = std::from_chars(text.data() + 2, end, unit, 16);
  if (result.ptr != end)
    return std::nullopt;
  return unit;
}

constexpr bool is_high(std::uint16_t unit) noexcept {
  return unit >= 0xD800 && unit <= 0xDBFF;
}

constexpr bool is_low(std::uint16_t unit) noexcept {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

/// Some bytes of the line, and whether to keep or to replace them.
struct piece {
  std::size_t length;
  bool keep;
};

/// The escape at `line[i]`, a backslash within a string. Bytes that are no
/// valid escape are kept as they are: the parser will refuse them.
piece escape_at(std::string_view line, std::size_t i) noexcept {
  if (auto unit = unit_escape(line, i)) {
    if (is_low(*unit))
      return {escape_size, false};
    if (!is_high(*unit))
      return {escape_size, true};
    auto next = unit_escape(line, i + escape_size);
    if (next && is_low(*next))
      return {2 * escape_size, true};
    return {escape_size, false};
  }
  // The escaped byte belongs to this piece, so that an escaped quote does not
  // end the string. An ill-formed byte or a control byte does not belong to it,
  // because it must be replaced.
  bool pair = i + 1 < line.size() && line[i + 1] >= ' ' && line[i + 1] <= '~';
  return {pair ? 2U : 1U, true};
}

} // namespace

std::size_t repair_json(std::string& line) {
  std::size_t replaced = 0;
  std::size_t out = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < line.size();) {
    auto c = static_cast<unsigned char>(line[i]);
    piece x{1, true};
    if (c >= 0x80) {
      auto unit = utf8_at(line, i);
      x = unit.well_formed ? piece{unit.length, true} : piece{1, false};
    } else if (c == '"') {
      in_string = !in_string;
    } else if (in_string && c == '\\') {
      x = escape_at(line, i);
    } else if (in_string && c < ' ') {
      x.keep = false;
    }
    if (x.keep) {
      std::copy_n(&line[i], x.length, &line[out]);
      out += x.length;
    } else {
      line[out++] = ' ';
      ++replaced;
    }
    i += x.length;
  }
  line.resize(out);
  return replaced;
}

} // namespace clearance::protocol
