/// Turns one line of a reader into an event.
#pragma once

#include "protocol/hub/event.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Parses reader lines. Use one parser for each thread. It keeps its memory
/// between lines of at most limits::kept_max_bytes.
class reader_line_parser {
public:
  enum class outcome {
    complete,  ///< `out` is the event, sanitised
    blank,     ///< nothing but white space; not counted
    unknown,   ///< JSON of a type that we do not know: dropped, warned about
    malformed, ///< dropped, counted and logged as a warning; why() says why
  };

  reader_line_parser();
  ~reader_line_parser();
  reader_line_parser(reader_line_parser&&) noexcept;
  reader_line_parser& operator=(reader_line_parser&&) noexcept;

  /// Judges `line` (without newline). `capacity` bytes from its first on are
  /// readable; fewer than line.size() + frame_batch::padding costs a copy.
  /// `out` is overwritten, its memory reused; it means nothing unless complete.
  /// A line that fails only for ill-formed UTF-8, raw control bytes or lone
  /// surrogates is repaired and judged once more.
  /// Source: clearance.md, section 2.
  outcome parse(std::string_view line, std::size_t capacity, event& out);

  /// Judges a line of the simple form, which nearly all have: all its texts are
  /// printable ASCII without escapes and need not be cut. True: `out` is the
  /// event that parse() gives; its texts lie in `line`, or are literals, and
  /// need no escape in a JSON string. False: ask parse().
  bool parse_plain(std::string_view line, std::size_t capacity,
                   event_view& out);

  /// Why the last line was malformed; a literal.
  std::string_view why() const noexcept;

  /// The type of the last line that was unknown, sanitised; empty: it had none.
  const std::string& unknown_type() const noexcept;

  /// Whether the last line had to be repaired.
  bool repaired() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace clearance::protocol
