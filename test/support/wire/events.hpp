/// Events for actor tests.
#pragma once

#include "actors/hub/announced_event.hpp"
#include "actors/hub/messages.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::test {

using event_list = std::vector<actors::event_ptr>;

/// A block of 203.0.113.7; its request_id is "<container>:<n>".
actors::event_ptr blocked(std::size_t n, std::string_view container = "c1");

/// blocked(n) for first <= n <= last.
event_list blocks(std::size_t first, std::size_t last,
                  std::string_view container = "c1");

/// The reader's line that says blocked(n), without its newline.
std::string line(std::size_t n, std::string_view container = "c1");

/// line(n) for first <= n <= last.
std::vector<std::string> lines(std::size_t first, std::size_t last,
                               std::string_view container = "c1");

/// An event with no fields of its own.
actors::event_ptr plain(protocol::event_type type,
                        std::string_view container = "c1");

/// A block that takes exactly this many bytes on the wire.
actors::event_ptr sized(std::size_t n, std::size_t wire_bytes);

/// The events as one batch.
actors::event_batch_ptr batch_of(event_list events);

/// The message that the registry sends to its subscribers.
actors::announced announcing(event_list events);

/// The events' bytes, one after another.
std::string wire_of(const event_list& events);
std::string wire_of(const actors::event_batch& events);

/// The batch's events.
event_list list_of(const actors::event_batch& events);

/// The request_ids of the whole events in `wire`, in order; for messages.
std::vector<std::string> request_ids(std::string_view wire);

/// The request_ids of blocks(first, last).
std::vector<std::string> ids(std::size_t first, std::size_t last,
                             std::string_view container = "c1");

} // namespace clearance::test
