/// What a hub says to a subscriber.
#pragma once

#include "protocol/hub/event.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace clearance::services {

/// One event.
struct announcement {
  /// Nothing when the event is of a kind or shape that we do not know.
  std::optional<protocol::event> known;
  /// The event's object as it was sent, compact, on one line, in ASCII.
  std::string json;
};

/// No event but an end: an error reply, or bytes that are no varlink.
struct no_announcement {
  std::string why; ///< printable
};

/// Reads replies to `Subscribe`. Keeps a parser's memory between them.
class announcement_reader {
public:
  announcement_reader();
  ~announcement_reader();

  /// Judges one message (without NUL), `capacity` as in reader_line.hpp.
  std::variant<announcement, no_announcement> read(std::string_view message,
                                                   std::size_t capacity);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace clearance::services
