/// A mailbox that holds only the newest events.
#pragma once

#include "actors/interfaces.hpp"
#include "actors/subscriber_gauge.hpp"
#include "protocol/drop_oldest_ring.hpp"
#include "protocol/limits.hpp"

#include <caf/error.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace clearance::actors {

/// The queue itself: filled by senders on any thread, drained by its actor.
class event_queue {
public:
  event_queue();

  /// How it is doing, for the registry.
  const std::shared_ptr<subscriber_gauge>& gauge() const noexcept {
    return gauge_;
  }

  /// Queues; the oldest go at the bound. True: let one message through, the
  /// actor does not know yet. At most one such message is on its way, and none
  /// while paused, except to tell the first loss of a burst.
  bool offer(event_batch_ptr events);

  /// The message arrived: the next offer() makes another one. True once for
  /// each burst of losses; a burst ends when take() empties the queue.
  bool woke();

  /// Moves at most `max` of the oldest events to the end of `out`.
  void take(std::vector<event_slice>& out, std::size_t max);

  /// While paused nobody is woken: a stalled client costs nothing.
  void pause(bool on);

  bool empty() const;

  /// Forgets everything and takes nothing any more.
  void close();

private:
  enum class loss { none, untold, told };

  mutable std::mutex mutex_;
  protocol::drop_oldest_ring<event_batch> events_;
  std::shared_ptr<subscriber_gauge> gauge_;
  loss loss_ = loss::none;
  bool waking_ = false; // a message is on its way
  bool paused_ = false;
  bool closed_ = false;
};

/// Puts an event_queue in front of an actor's mailbox. CAF 0.17.6 mailboxes
/// have no bound; enqueue() is where all messages come by, on the sender's
/// thread. Only asynchronous `announced` are taken out: a request must be
/// answered, and exit and down messages pass untouched.
template <class Base>
class bounded_mailbox : public Base {
public:
  using Base::Base;
  using Base::enqueue;

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* eu) override {
    if (what->mid.is_async() && what->content().match_elements<announced>()
        && !queue_.offer(what->content().get_as<announced>(0).events))
      return;
    Base::enqueue(std::move(what), eu);
  }

  bool cleanup(caf::error&& why, caf::execution_unit* eu) override {
    queue_.close();
    return Base::cleanup(std::move(why), eu);
  }

  event_queue& queue() noexcept { return queue_; }

private:
  event_queue queue_;
};

} // namespace clearance::actors
