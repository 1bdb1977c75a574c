/// Events that are announced together, with their encoded bytes in one piece.
#pragma once

#include "actors/hub/announced_event.hpp"
#include "protocol/base/drop_oldest_ring.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::actors {

/// Once it is shared it is immutable, except for the note which events were
/// handed to a client. All subscribers share it, and each writes any part of it
/// from one buffer. Events are counted from 0.
class event_batch {
public:
  event_batch() = default;
  explicit event_batch(const std::vector<event_ptr>& events);

  /// Says that about so many events will be added.
  void reserve(std::size_t events);

  /// Copies the encoded event behind the others, while the processor's cache
  /// still has it.
  void add(event_ptr x);

  /// Gives back what was reserved for events that did not come, if it is much.
  void fit();

  std::size_t size() const noexcept { return events_.size(); }
  const event_ptr& at(std::size_t i) const noexcept { return events_[i]; }

  /// Says that the events from `i` on will be needed one after another.
  void look_ahead(std::size_t i) const noexcept {
    constexpr std::size_t apart = 4;
    if (i + 2 * apart < size()) {
      const auto* x = reinterpret_cast<const char*>(at(i + 2 * apart).get());
      protocol::prefetch(x);
      protocol::prefetch(x + sizeof(announced_event) - 1);
    }
    if (i + apart < size())
      at(i + apart)->prefetch_texts();
  }

  /// The encoded events [from, to): whole varlink replies.
  std::string_view wire(std::size_t from, std::size_t to) const noexcept {
    return wire().substr(start(from), bytes(from, to));
  }
  std::size_t bytes(std::size_t from, std::size_t to) const noexcept {
    return start(to) - start(from);
  }
  std::size_t bytes() const noexcept { return wire().size(); }

  /// How many of the events [from, to) are complete in their first `count`
  /// bytes.
  std::size_t whole(std::size_t from, std::size_t to,
                    std::size_t count) const noexcept;

  /// A client got the events [from, to) completely.
  void hand(std::size_t from, std::size_t to) const noexcept;

private:
  std::size_t start(std::size_t i) const noexcept {
    return i == 0 ? 0 : ends_[i - 1];
  }
  std::string_view wire() const noexcept {
    return events_.size() == 1 ? events_.front()->wire()
                               : std::string_view{buffer_};
  }

  std::vector<event_ptr> events_;
  std::string buffer_; // a single event is not copied
  std::vector<std::uint32_t> ends_;
  // The events before this one were handed to a client. This saves noting it
  // again for each further client.
  mutable std::atomic<std::size_t> handed_ = 0;
};

using event_batch_ptr = std::shared_ptr<const event_batch>;

/// Makes the next batch from `events`, starting at `from`; at least one event
/// if there is one. The batch ends with the event that brings it to
/// limits::event_batch_max_bytes. Advances `from`.
event_batch_ptr next_batch(const std::vector<event_ptr>& events,
                           std::size_t& from);

/// Some events of one batch, at least one.
using event_slice = protocol::drop_oldest_ring<event_batch>::slice;

} // namespace clearance::actors
