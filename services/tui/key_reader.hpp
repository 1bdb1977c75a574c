/// Bytes of a terminal in, keys out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

struct key {
  enum class kind : std::uint8_t {
    character,         ///< `text` is one code point of UTF-8, printable
    paste,             ///< `text` is all that was pasted, and never keys
    paste_without_end, ///< a pasted text whose end did not come: dropped
    up,
    down,
    page_up,
    page_down,
    home,
    end,
    enter,
    escape,
    tab,
    backspace,
    clear_line,    ///< Ctrl-U
    interrupt_key, ///< Ctrl-C
    suspend_key,   ///< Ctrl-Z
    redraw_key,    ///< Ctrl-L
    click,         ///< the first button of the mouse, at `row`
    wheel_up,
    wheel_down,
    other, ///< a key that has no meaning here
  };

  kind what = kind::other;
  std::string text;
  std::size_t row = 0; ///< of the screen, from 0

  friend bool operator==(const key&, const key&) = default;
};

/// A machine that takes bytes in pieces of any size.
///
/// Not all that a terminal sends is a key: answers to questions of other
/// programs, reports of a mouse, and what is left of a sequence that was cut.
/// Such a sequence is one key without a meaning, and what follows it is ignored
/// until the terminal was silent for a while, because it may belong to it.
/// Ctrl-C is never ignored there.
///
/// Esc begins the sequence of another key, or is a key by itself when nothing
/// follows. If the rest of the sequence comes later all the same, it is still
/// one key: what follows the start of a paste must never be keys.
///
/// A pasted text is held up to client_limits::typed_text_max_bytes; the rest of
/// it is left out, and it is never taken for keys.
class key_reader {
public:
  /// With `has_mouse` reports of the mouse are keys: the terminal was asked for
  /// them.
  explicit key_reader(bool has_mouse = false) : has_mouse_(has_mouse) {}

  /// Appends the keys that `bytes` complete.
  void feed(std::string_view bytes, std::vector<key>& out);

  /// How long the terminal must be silent until the owner calls time_out();
  /// nothing: it need not.
  std::optional<std::chrono::milliseconds> wait() const;

  /// Nothing came for as long as wait() said. Afterwards wait() may name a
  /// longer time, which counts from the same last byte.
  void time_out(std::vector<key>& out);

  /// Whether bytes are swallowed as a text, Ctrl-C included. Then Ctrl-C counts
  /// when the terminal is silent after it, and does not prolong that silence.
  bool is_in_text() const noexcept { return is_pasting_ || is_string_; }

private:
  /// How many bytes at the start of held_ are dealt with. 0: more bytes are
  /// needed.
  std::size_t take(std::vector<key>& out);
  std::size_t take_sequence(std::vector<key>& out);
  bool take_mouse(std::string_view body, std::vector<key>& out) const;
  /// Each returns whether more can be done with held_.
  bool take_paste(std::vector<key>& out);
  bool skip_string();
  void emit(key x, std::vector<key>& out) const;
  void ignore_what_follows(std::vector<key>& out);

  bool has_mouse_;
  std::string held_; // the start of a sequence or of a code point
  std::string pasted_;
  char last_ = '\0'; // of all bytes
  bool is_pasting_ = false;
  bool is_string_ = false;  // of ECMA-48: what a terminal answers
  bool is_deaf_ = false;    // until it is silent
  bool has_prefix_ = false; // another Esc in front of this one
  bool was_late_ = false;   // Esc was taken for a key; the rest may follow
};

} // namespace clearance::services
