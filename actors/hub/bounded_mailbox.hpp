/// A mailbox that holds only the newest events.
#pragma once

#include "actors/base/hosted.hpp"
#include "actors/hub/messages.hpp"
#include "actors/hub/queue_status.hpp"
#include "protocol/base/drop_oldest_ring.hpp"
#include "protocol/base/limits.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/execution_unit.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/resumable.hpp>
#include <caf/send.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace clearance::actors {

/// The queue itself: filled by senders on any thread, drained by its actor.
///
/// It is paused, as in the beginning, or flows. While it is paused nobody is
/// woken: a stalled client costs nothing. While it flows its actor takes a
/// batch as soon as it runs, and so much more may wait.
class event_queue {
public:
  event_queue();

  /// How it is doing, for the registry.
  const std::shared_ptr<queue_status>& queue() const noexcept { return queue_; }

  /// Queues; the oldest go at the bound. True: wake the actor, it does not know
  /// yet. It is woken once until it woke(), and while paused only to tell the
  /// first loss of a burst.
  bool offer(event_batch_ptr events);

  /// The actor knows: the next offer() wakes it again. True once for each burst
  /// of losses; a burst ends when take() empties the queue.
  bool woke();

  /// Moves at most `max` of the oldest events to the end of `out`, and no more
  /// once these have limits::subscriber_batch_max_bytes.
  void take(std::vector<event_slice>& out, std::size_t max);

  /// The oldest go if they were the flowing queue's surplus. True: that is the
  /// first loss of a burst, and the actor knows.
  bool pause();

  /// The actor takes what there is.
  void flow();

  bool empty() const;

  /// Forgets everything and takes nothing any more.
  void close();

private:
  enum class loss { none, untold, told };

  void lost(std::size_t count);
  void tell_level();

  mutable std::mutex mutex_;
  protocol::drop_oldest_ring<event_batch> events_;
  std::shared_ptr<queue_status> queue_;
  loss loss_ = loss::none;
  bool waking_ = false; // it will be woken
  bool paused_ = true;
  bool closed_ = false;
};

/// Puts an event_queue in front of an actor's mailbox. CAF 0.17.6 mailboxes
/// have no bound; enqueue() is where all messages come by, on the sender's
/// thread. Only asynchronous `announced` are taken out: a request must be
/// answered, and exit and down messages pass untouched.
///
/// What waits in the queue is no message: its unit calls on_events() instead,
/// which spares every delivery a walk through the mailbox. `Base` is `hosted`
/// on a unit, or its system runs one thread alone.
template <class Base>
class bounded_mailbox : public Base {
public:
  template <class... Ts>
  explicit bounded_mailbox(Ts&&... xs) : Base(std::forward<Ts>(xs)...) {
    // nop
  }

  using Base::enqueue;

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* eu) override {
    if (!what->mid.is_async() || !what->content().match_elements<announced>())
      Base::enqueue(std::move(what), eu);
    else if (queue_.offer(what->content().get_as<announced>(0).events))
      this->run_soon(&waker_, eu);
  }

  void on_exit() override {
    on_events_ = nullptr;
    Base::on_exit();
  }

  bool cleanup(caf::error&& why, caf::execution_unit* eu) override {
    queue_.close();
    return Base::cleanup(std::move(why), eu);
  }

  event_queue& queue() noexcept { return queue_; }

  /// Called on the actor's thread each time that the queue's offer() says so;
  /// not after the actor's end. It must not quit: it is no message's handler.
  void on_events(std::function<void()> f) { on_events_ = std::move(f); }

private:
  class waker final : public caf::resumable {
  public:
    explicit waker(bounded_mailbox& owner) : owner_(owner) {}

    resume_result resume(caf::execution_unit* eu, std::size_t) override {
      owner_.wake(eu);
      return done;
    }
    void intrusive_ptr_add_ref_impl() override {
      owner_.intrusive_ptr_add_ref_impl();
    }
    void intrusive_ptr_release_impl() override {
      owner_.intrusive_ptr_release_impl();
    }

  private:
    bounded_mailbox& owner_;
  };

  void wake(caf::execution_unit* eu) {
    if (!on_events_)
      return;
    this->context(eu);
    try {
      on_events_();
    } catch (...) {
      report_fault(this->name(), describe(std::current_exception()));
      caf::anon_send_exit(caf::actor_cast<caf::actor>(this->ctrl()),
                          caf::exit_reason::unhandled_exception);
    }
  }

  event_queue queue_;
  std::function<void()> on_events_;
  waker waker_{*this};
};

} // namespace clearance::actors
