/// Bytes of a terminal in, keys out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

struct key {
  enum class kind : std::uint8_t {
    character, ///< `text` is one code point of UTF-8, printable
    paste,     ///< `text` is all that was pasted, and never keys
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
    other,         ///< a key that has no meaning here
  };

  kind what = kind::other;
  std::string text;

  friend bool operator==(const key&, const key&) = default;
};

/// A machine that takes bytes in pieces of any size. Esc begins the sequence of
/// another key, or is a key by itself: when nothing follows, the owner says so
/// by time_out(). If the rest of the sequence comes later all the same, it is
/// still one key: what follows the start of a paste must never be keys.
///
/// A pasted text is held up to client_limits::typed_text_max_bytes; the rest of
/// it is left out, and it is never taken for keys.
class key_reader {
public:
  /// Appends the keys that `bytes` complete.
  void feed(std::string_view bytes, std::vector<key>& out);

  /// Whether an Esc waits for what follows it.
  bool is_waiting() const noexcept { return !is_pasting_ && held_ == "\x1b"; }

  /// Nothing followed in time: it was the key Esc.
  void time_out(std::vector<key>& out);

private:
  /// How many bytes at the start of held_ make a key, which is appended. 0:
  /// more bytes are needed.
  std::size_t take(std::vector<key>& out) const;

  std::string held_; // the start of a sequence or of a code point
  std::string pasted_;
  bool is_pasting_ = false;
  bool was_late_ = false; // Esc was taken for a key; the rest may follow
};

} // namespace clearance::services
