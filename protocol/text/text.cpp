#include "protocol/text/text.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/text/byte_word.hpp"
#include "protocol/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace clearance::protocol {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view ellipsis = "...";
constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

static_assert(limits::text_cut_chars + ellipsis.size()
              == limits::text_max_chars);

constexpr bool is_printable(char c) noexcept {
  return c >= ' ' && c <= '~';
}

bool all_printable(std::string_view text) noexcept {
  return none_marked(text, [](byte_word x) { return x.unprintable(); });
}

/// Writes the sanitised `text` to `out` and returns the number of characters.
/// `out` may be the beginning of `text` itself: no character is written behind
/// the place where it was read.
std::size_t sanitise_to(char* out, std::string_view text) noexcept {
  std::size_t chars = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (chars == limits::text_max_chars) {
      ellipsis.copy(out + limits::text_cut_chars, ellipsis.size());
      break;
    }
    if (is_printable(text[i])) {
      out[chars++] = text[i++];
    } else {
      auto unit = utf8_at(text, i);
      i += unit.well_formed ? unit.length : 1;
      out[chars++] = ' ';
    }
  }
  return chars;
}

void append_hex(std::string& out, char c) {
  auto byte = static_cast<std::uint8_t>(c);
  out.push_back(hex_digits[byte >> 4]);
  out.push_back(hex_digits[byte & 15]);
}

/// Appends the escape of a control character, a quote or a backslash.
void append_escape(std::string& out, char c) {
  constexpr std::string_view named = "\"\\\b\f\n\r\t";
  constexpr std::string_view names = "\"\\bfnrt";
  out.push_back('\\');
  if (auto i = named.find(c); i != std::string_view::npos) {
    out.push_back(names[i]);
  } else {
    out.append("u00");
    append_hex(out, c);
  }
}

/// Whether the character may stand unescaped in a JSON string.
constexpr bool passes_json(char c) noexcept {
  return (is_printable(c) && c != '"' && c != '\\') || c == '\x7F';
}

/// What Python's str.strip() removes, because clients rely on its results.
/// Source: the Unicode character database, White_Space, and U+001C..U+001F.
constexpr bool is_white_space(char32_t c) noexcept {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85
         || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A)
         || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F
         || c == 0x3000;
}

} // namespace

void sanitise(std::string& text) {
  if (text.size() > limits::text_max_chars || !all_printable(text))
    text.resize(sanitise_to(text.data(), text));
}

void assign_sanitised(std::string& out, std::string_view text) {
  if (text.size() <= limits::text_max_chars && all_printable(text)) {
    out.assign(text);
  } else {
    std::array<char, limits::text_max_chars> chars;
    out.assign(chars.data(), sanitise_to(chars.data(), text));
  }
}

void assign_cut(std::string& out, std::string_view text) {
  if (text.size() <= limits::text_max_chars)
    out.assign(text);
  else
    out.assign(text.substr(0, limits::text_cut_chars)).append(ellipsis);
}

std::string escaped(std::string_view bytes, std::size_t max_bytes) {
  std::string out;
  for (char c : bytes.substr(0, max_bytes)) {
    if (c == '\\') {
      out.append(R"(\\)");
    } else if (is_printable(c)) {
      out.push_back(c);
    } else {
      append_hex(out.append(R"(\x)"), c);
    }
  }
  if (bytes.size() > max_bytes)
    out.append(ellipsis);
  return out;
}

bool is_plain_json(std::string_view text) noexcept {
  return none_marked(text, [](byte_word x) { return x.not_plain(); });
}

void append_json(std::string& out, std::string_view text) {
  out.push_back('"');
  for (std::size_t i = 0; i < text.size();) {
    auto run = i;
    while (run < text.size() && passes_json(text[run]))
      ++run;
    out.append(text, i, run - i);
    i = run;
    if (i == text.size())
      break;
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      append_escape(out, text[i++]);
    } else if (auto unit = utf8_at(text, i); unit.well_formed) {
      out.append(text, i, unit.length);
      i += unit.length;
    } else {
      out.append(replacement);
      ++i;
    }
  }
  out.push_back('"');
}

std::string_view trimmed(std::string_view text) noexcept {
  auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  return text;
}

std::string trimmed_utf8(std::string_view bytes) {
  std::string out;
  // length of `out` up to its last character that is no white space
  std::size_t kept = 0;
  for (std::size_t i = 0; i < bytes.size();) {
    auto unit = utf8_at(bytes, i);
    bool space = is_white_space(unit.code_point);
    if (!space || !out.empty()) {
      out.append(unit.well_formed ? bytes.substr(i, unit.length) : replacement);
      kept = space ? kept : out.size();
    }
    i += unit.length;
  }
  out.resize(kept);
  return out;
}

} // namespace clearance::protocol
