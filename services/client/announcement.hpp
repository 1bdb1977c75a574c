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
  /// Nothing if this program does not know an event of this type or form.
  std::optional<protocol::event> known;
  /// The event's object as it was sent, compact, on one line, in ASCII.
  std::string json;
};

/// Not an event: an error reply, or bytes that are not varlink. Nothing
/// follows.
struct no_announcement {
  std::string why; ///< printable
};

/// Reads the replies to `Subscribe`, with the same parser and its memory.
class announcement_reader {
public:
  announcement_reader();
  ~announcement_reader();

  /// Reads one message (without its NUL); `capacity`: see reader_line.hpp.
  std::variant<announcement, no_announcement> read(std::string_view message,
                                                   std::size_t capacity);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace clearance::services
