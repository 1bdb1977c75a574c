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

/// The queue of events. Senders on any thread fill it, its actor empties it.
///
/// It is either paused (at the start) or flowing. While it is paused the actor
/// is not woken, so a stalled client costs nothing. While it flows the actor
/// takes a batch as soon as it runs, and one batch more may wait until then.
class event_queue {
public:
  event_queue();

  /// The queue's status, for the registry.
  const std::shared_ptr<queue_status>& queue() const noexcept { return queue_; }

  /// Adds events; drops the oldest ones at the limit. True: the caller must
  /// wake the actor. The actor is woken only once until it calls woke(). While
  /// the queue is paused the actor is woken only for the first loss of a burst.
  /// Throws std::bad_alloc, and then nothing has changed.
  bool offer(event_batch_ptr events);

  /// The actor calls this when it was woken: the next offer() may wake it
  /// again. True once for each burst of losses. A burst ends when take()
  /// empties the queue.
  bool woke();

  /// Appends at most `max` of the oldest events to `out`. Stops when `out` has
  /// limits::subscriber_batch_max_bytes.
  void take(std::vector<event_slice>& out, std::size_t max);

  /// Pauses the queue. What only a flowing queue may hold is dropped, oldest
  /// first. True: this was the first loss of a burst.
  bool pause();

  /// Lets the queue flow: the actor takes what is there.
  void flow();

  bool empty() const;

  /// Empties the queue; it takes nothing any more.
  void close();

private:
  enum class loss { none, untold, told };

  void lost(std::size_t count);
  void tell_level();

  mutable std::mutex mutex_;
  protocol::drop_oldest_ring<event_batch> events_;
  std::shared_ptr<queue_status> queue_;
  loss loss_ = loss::none;
  bool waking_ = false; // the actor will be woken
  bool paused_ = true;
  bool closed_ = false;
};

/// Puts an event_queue in front of an actor's mailbox. The mailboxes of CAF
/// 0.17.6 have no limit. All messages pass enqueue(), on the sender's thread.
/// Only asynchronous `announced` messages are put into the queue: a request
/// must be answered, and exit and down messages must arrive.
///
/// Events in the queue are not messages: on_events() is called instead, which
/// is cheaper than a message for each delivery. `Base` is `hosted` on a unit,
/// or its system has a single thread.
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

  /// `f` is called on the actor's thread each time that offer() says that the
  /// actor must be woken, but not after the actor's end. `f` must not call
  /// quit(), because it is no message handler.
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
      report_fault(this->name(), std::current_exception());
      caf::anon_send_exit(caf::actor_cast<caf::actor>(this->ctrl()),
                          caf::exit_reason::unhandled_exception);
    }
  }

  event_queue queue_;
  std::function<void()> on_events_;
  waker waker_{*this};
};

} // namespace clearance::actors
