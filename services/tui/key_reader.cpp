#include "services/tui/key_reader.hpp"

#include "protocol/operator/client_limits.hpp"
#include "protocol/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <utility>

// What terminals send: a character as UTF-8, a control byte, or a sequence of
// ECMA-48 that begins with Esc: `Esc [ parameters final` (CSI) or `Esc O final`
// (SS3). Source: ECMA-48, section 5.4; xterm's "Control Sequences". Names in
// terminfo differ, but the sequences for these keys do not.
namespace clearance::services {

namespace {

using kind = key::kind;

constexpr char esc = '\x1b';
constexpr std::string_view paste_begin = "\x1b[200~";
constexpr std::string_view paste_end = "\x1b[201~";

/// A sequence that is longer is no key.
constexpr std::size_t sequence_max_bytes = 32;

constexpr std::pair<std::string_view, kind> sequences[] = {
    {"[A", kind::up},    {"OA", kind::up},       {"[B", kind::down},
    {"OB", kind::down},  {"[5~", kind::page_up}, {"[6~", kind::page_down},
    {"[H", kind::home},  {"OH", kind::home},     {"[1~", kind::home},
    {"[7~", kind::home}, {"[F", kind::end},      {"OF", kind::end},
    {"[4~", kind::end},  {"[8~", kind::end},     {"OM", kind::enter},
};

constexpr std::pair<char, kind> controls[] = {
    {'\r', kind::enter},         {'\n', kind::enter},
    {'\t', kind::tab},           {'\x7f', kind::backspace},
    {'\b', kind::backspace},     {'\x03', kind::interrupt_key},
    {'\x1a', kind::suspend_key}, {'\x0c', kind::redraw_key},
    {'\x15', kind::clear_line},
};

kind kind_of_sequence(std::string_view body) {
  for (const auto& [text, what] : sequences)
    if (text == body)
      return what;
  return kind::other;
}

kind kind_of_control(char c) {
  for (const auto& [byte, what] : controls)
    if (byte == c)
      return what;
  return kind::other;
}

/// Where the sequence ends that `bytes` begin with, Esc and final byte
/// included; 0: it is not complete.
std::size_t sequence_size(std::string_view bytes) {
  if (bytes.size() < 2)
    return 0;
  if (bytes[1] == 'O')
    return bytes.size() < 3 ? 0 : 3;
  if (bytes[1] != '[')
    return 1; // Esc, and then another key
  for (std::size_t i = 2; i < bytes.size(); ++i) {
    const auto c = bytes[i];
    if (c >= '@' && c <= '~')
      return i + 1;
    if (c < ' ' || c > '?' || i >= sequence_max_bytes)
      return i; // it breaks off; the byte begins something else
  }
  return 0;
}

/// How many bytes a code point needs that begins with `c`. Source: the Unicode
/// standard 15.0, table 3-7.
std::size_t utf8_size(unsigned char c) {
  if (c < 0xc2 || c > 0xf4)
    return 1;
  return c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
}

bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

} // namespace

void key_reader::feed(std::string_view bytes, std::vector<key>& out) {
  held_ += bytes;
  // A slow line cuts a sequence behind Esc. No key of ours is `[` or `O`.
  if (!held_.empty() && std::exchange(was_late_, false)
      && (held_.front() == '[' || held_.front() == 'O'))
    held_.insert(held_.begin(), esc);
  while (!held_.empty()) {
    if (is_pasting_) {
      const auto end = held_.find(paste_end);
      // The start of `paste_end` may be what is there last.
      const auto whole =
          end != std::string::npos
              ? end
              : held_.size() - std::min(held_.size(), paste_end.size() - 1);
      pasted_.append(held_, 0, whole);
      pasted_.resize(std::min(pasted_.size(),
                              protocol::client_limits::typed_text_max_bytes));
      held_.erase(0, whole);
      if (end == std::string::npos)
        return;
      held_.erase(0, paste_end.size());
      is_pasting_ = false;
      out.push_back({kind::paste, std::exchange(pasted_, {})});
      continue;
    }
    if (held_.starts_with(paste_begin)) {
      held_.erase(0, paste_begin.size());
      is_pasting_ = true;
      continue;
    }
    const auto n = take(out);
    if (n == 0)
      return;
    held_.erase(0, n);
  }
}

std::size_t key_reader::take(std::vector<key>& out) const {
  const auto first = held_.front();
  if (first == esc) {
    const auto n = sequence_size(held_);
    if (n > 0)
      out.push_back(
          {n == 1 ? kind::escape
                  : kind_of_sequence(std::string_view{held_}.substr(1, n - 1)),
           {}});
    return n;
  }
  if (is_control(static_cast<unsigned char>(first)) && !(first & '\x80')) {
    out.push_back({kind_of_control(first), {}});
    return 1;
  }
  const auto unit = protocol::utf8_at(held_, 0);
  if (!unit.well_formed) {
    // The rest of a code point may come.
    if (held_.size() < utf8_size(static_cast<unsigned char>(first))
        && unit.length == held_.size())
      return 0;
    out.push_back({kind::other, {}});
    return unit.length;
  }
  if (is_control(unit.code_point))
    out.push_back({kind::other, {}});
  else
    out.push_back({kind::character, held_.substr(0, unit.length)});
  return unit.length;
}

void key_reader::time_out(std::vector<key>& out) {
  if (!is_waiting())
    return;
  held_.clear();
  was_late_ = true;
  out.push_back({kind::escape, {}});
}

} // namespace clearance::services
