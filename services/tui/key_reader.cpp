#include "services/tui/key_reader.hpp"

#include "protocol/operator/client_limits.hpp"
#include "protocol/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

// What terminals send: a character as UTF-8, a control byte, or a sequence of
// ECMA-48 that begins with Esc: `Esc [ parameters final` (CSI) or `Esc O final`
// (SS3). Source: ECMA-48, section 5.4; xterm's "Control Sequences". Names in
// terminfo differ, but the sequences for these keys do not. Esc and one of
// `] P _ ^ X` begin a string that ends with `Esc \` or BEL: an answer of the
// terminal. A control of C1 means the same as Esc and a letter.
namespace clearance::services {

namespace {

using kind = key::kind;

constexpr char esc = '\x1b';
constexpr std::string_view string_starts = "]P_^X";
constexpr std::string_view late_starts = "[O]P_^X";
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

bool is_low(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

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

/// Where the sequence ends that `bytes` begin with, `Esc [` or `Esc O`, its
/// final byte included. 0: it is not complete. A byte that cannot belong to it
/// ends it, and is not included.
std::size_t sequence_size(std::string_view bytes) {
  const auto at_most = [&](std::size_t n) {
    for (std::size_t i = 2; i < std::min(n, bytes.size()); ++i)
      if (is_low(bytes[i]))
        return i;
    return bytes.size() < n ? 0 : n;
  };
  if (bytes.size() < 3)
    return 0;
  // The mouse of X10: three bytes follow, of any value from 32 on. Source:
  // xterm's "Control Sequences", "Mouse Tracking".
  if (bytes.starts_with("\x1b[M"))
    return at_most(6);
  if (bytes.starts_with("\x1b[[")) // F1 to F5 of Linux' console
    return at_most(4);
  for (std::size_t i = 2; i < bytes.size(); ++i) {
    const auto c = bytes[i];
    if (c >= '@' && c <= '~')
      return i + 1;
    if (c < ' ' || c > '?' || i >= sequence_max_bytes)
      return i;
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
  if (bytes.empty())
    return;
  held_ += bytes;
  last_ = bytes.back();
  // A slow line cuts a sequence behind Esc. No key of ours begins so.
  if (std::exchange(was_late_, false)
      && late_starts.find(held_.front()) != std::string_view::npos)
    held_.insert(held_.begin(), esc);
  while (!held_.empty()) {
    if (is_pasting_) {
      if (!take_paste(out))
        return;
      continue;
    }
    if (is_string_) {
      if (!skip_string())
        return;
      continue;
    }
    // A control of C1.
    if (held_.size() > 1 && held_[0] == '\xc2'
        && (static_cast<unsigned char>(held_[1]) & 0xe0) == 0x80)
      held_ = esc + std::string{static_cast<char>(held_[1] - 0x40)}
              + held_.substr(2);
    if (held_.starts_with(paste_begin)) {
      held_.erase(0, paste_begin.size());
      has_prefix_ = false;
      is_pasting_ = true;
      continue;
    }
    const auto n = take(out);
    if (n == 0)
      return;
    held_.erase(0, n);
  }
}

void key_reader::emit(key x, std::vector<key>& out) const {
  if (!is_deaf_ || x.what == kind::interrupt_key)
    out.push_back(std::move(x));
}

void key_reader::ignore_what_follows(std::vector<key>& out) {
  emit({kind::other, {}}, out);
  is_deaf_ = true;
}

bool key_reader::take_paste(std::vector<key>& out) {
  const auto end = held_.find(paste_end);
  // The start of `paste_end` may be what is there last.
  const auto whole =
      end != std::string::npos
          ? end
          : held_.size() - std::min(held_.size(), paste_end.size() - 1);
  pasted_.append(held_, 0, whole);
  pasted_.resize(
      std::min(pasted_.size(), protocol::client_limits::typed_text_max_bytes));
  held_.erase(0, whole);
  if (end == std::string::npos)
    return false;
  held_.erase(0, paste_end.size());
  is_pasting_ = false;
  emit({kind::paste, std::exchange(pasted_, {})}, out);
  return true;
}

// An Esc that does not end the string breaks it off: it may begin a paste.
bool key_reader::skip_string() {
  for (std::size_t i = 0; i < held_.size(); ++i) {
    const auto c = held_[i];
    if (c != '\a' && c != esc && c != '\xc2')
      continue;
    std::size_t end = i + 1;
    if (c != '\a') {
      if (end == held_.size()) {
        held_.erase(0, i);
        return false;
      }
      if (held_[end] == (c == esc ? '\\' : '\x9c'))
        ++end;
      else if (c == esc)
        end = i;
      else
        continue;
    }
    held_.erase(0, end);
    is_string_ = false;
    return true;
  }
  held_.clear();
  return false;
}

// `[<0;COLUMN;ROWM`; the end of a press has `m`. Source: xterm's "Control
// Sequences", "SGR (1006)".
bool key_reader::take_mouse(std::string_view body,
                            std::vector<key>& out) const {
  if (!body.starts_with("[<") || (body.back() != 'M' && body.back() != 'm'))
    return false;
  std::array<std::size_t, 3> values{};
  const auto* at = body.data() + 2;
  const auto* const end = body.data() + body.size() - 1;
  for (auto& x : values) {
    const auto [next, error] = std::from_chars(at, end, x);
    const bool is_last = &x == &values.back();
    if (error != std::errc{} || (next == end) != is_last
        || (!is_last && *next != ';'))
      return false;
    at = next + 1;
  }
  const auto [button, column, row] = values;
  if (column == 0 || row == 0)
    return false;
  // Other buttons, and what is held or let go, mean nothing.
  if (body.back() == 'm')
    return true;
  if (button == 0)
    emit({kind::click, {}, row - 1}, out);
  else if (button == 64)
    emit({kind::wheel_up, {}, row - 1}, out);
  else if (button == 65)
    emit({kind::wheel_down, {}, row - 1}, out);
  return true;
}

std::size_t key_reader::take_sequence(std::vector<key>& out) {
  if (held_.size() < 2)
    return 0;
  const auto second = held_[1];
  if (second == esc) { // Alt and a key of some terminals
    has_prefix_ = true;
    return 1;
  }
  if (second == '[' || second == 'O') {
    const auto n = sequence_size(held_);
    if (n == 0)
      return 0;
    const auto body = std::string_view{held_}.substr(1, n - 1);
    if (has_mouse_ && !has_prefix_ && take_mouse(body, out))
      return n;
    const auto what = kind_of_sequence(body);
    if (std::exchange(has_prefix_, false) || what == kind::other)
      ignore_what_follows(out);
    else
      emit({what, {}}, out);
    return n;
  }
  has_prefix_ = false;
  ignore_what_follows(out);
  if (is_low(second))
    return 1;
  // Else it is Alt and a character.
  is_string_ = string_starts.find(second) != std::string_view::npos;
  return 2;
}

std::size_t key_reader::take(std::vector<key>& out) {
  const auto first = held_.front();
  if (first == esc)
    return take_sequence(out);
  if (is_control(static_cast<unsigned char>(first)) && !(first & '\x80')) {
    emit({kind_of_control(first), {}}, out);
    return 1;
  }
  const auto unit = protocol::utf8_at(held_, 0);
  if (!unit.well_formed) {
    // The rest of a code point may come.
    if (held_.size() < utf8_size(static_cast<unsigned char>(first))
        && unit.length == held_.size())
      return 0;
    ignore_what_follows(out);
    return unit.length;
  }
  emit({kind::character, held_.substr(0, unit.length)}, out);
  return unit.length;
}

std::optional<std::chrono::milliseconds> key_reader::wait() const {
  namespace limits = protocol::client_limits;
  if (is_pasting_)
    return limits::paste_silence;
  if (is_string_)
    return limits::no_key_silence;
  if (held_ == "\x1b")
    return limits::escape_time;
  if (is_deaf_)
    return limits::no_key_silence;
  return std::nullopt;
}

void key_reader::time_out(std::vector<key>& out) {
  if (is_in_text()) {
    was_late_ = held_.ends_with(esc);
    held_.clear();
    pasted_.clear();
    is_deaf_ = is_string_ = false;
    if (std::exchange(is_pasting_, false))
      out.push_back({kind::paste_without_end, {}});
    if (last_ == '\x03')
      out.push_back({kind::interrupt_key, {}});
  } else if (held_ == "\x1b") {
    held_.clear();
    has_prefix_ = false;
    was_late_ = true;
    emit({kind::escape, {}}, out);
  } else {
    is_deaf_ = false;
  }
}

} // namespace clearance::services
