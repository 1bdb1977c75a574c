/// What the registry has done and the operators have not looked at yet.
#pragma once

#include "actors/hub/event_batch.hpp"
#include "actors/hub/operators.hpp"
#include "protocol/base/time.hpp"
#include "protocol/hub/authorisation.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace clearance::actors {

/// The registry adds, the operators' actor takes, both on the I/O thread. So a
/// batch costs no message and no memory of its own. The registry sends one
/// message when the operators have to look: at once if somebody wants to know
/// (see be_eager()), else when much has come together. Whoever asks the
/// operators gets an answer that is up to date, because they look here first.
class news_box {
public:
  /// An open request went because of an event: a limit removed it, or its id
  /// was announced again.
  struct eviction {
    std::size_t event = 0; ///< its number in the batch
    std::uint64_t generation = 0;
  };

  /// A batch that was announced.
  struct batch {
    event_batch_ptr events;
    /// What the registry made of each event.
    std::span<const protocol::bound_request> bound;
    std::span<const eviction> evicted; ///< in order
    std::size_t subscribers = 0;
    protocol::time_point at;
  };

  news_box() = default;
  news_box(const news_box&) = delete;
  news_box& operator=(const news_box&) = delete;

  // -- the registry -----------------------------------------------------------
  //
  // If memory is denied the batch is missed, or the verdict, and counted.

  /// A batch of so many events begins.
  void begin(std::size_t events) noexcept;
  void note(const protocol::bound_request& x) noexcept;
  void note_eviction(std::uint64_t generation) noexcept;
  /// The batch was announced to so many subscribers.
  void end(const event_batch_ptr& events, std::size_t subscribers,
           protocol::time_point at) noexcept;

  void add(verdict_executed x) noexcept;

  /// Whether to tell the operators now that they have to look. Says so once,
  /// until they have looked.
  bool wakes() noexcept;
  /// They could not be told.
  void sleep() noexcept { woken_ = false; }

  /// Batches and verdicts since the start.
  std::uint64_t sequence() const noexcept { return sequence_; }

  // -- the operators ----------------------------------------------------------

  /// From now on each batch wakes the operators (true), or much together.
  void be_eager(bool x) noexcept { eager_ = x; }

  /// Calls `on_batch(batch)` and `on_verdict(verdict_executed)` for what was
  /// added up to `until`, in order, and forgets it.
  template <class OnBatch, class OnVerdict>
  void take(std::uint64_t until, OnBatch on_batch, OnVerdict on_verdict) {
    woken_ = false;
    while (taken_ < items_.size() && first_ + taken_ < until) {
      auto& x = items_[taken_++];
      if (x.verdict)
        on_verdict(*x.verdict);
      else
        on_batch(batch_of(x));
      x.events.reset();
    }
    if (taken_ == items_.size())
      forget_all();
  }

  static constexpr auto all = std::numeric_limits<std::uint64_t>::max();

  bool empty() const noexcept { return items_.empty(); }
  std::uint64_t missed() const noexcept { return missed_; }

private:
  struct item {
    event_batch_ptr events;
    std::unique_ptr<const verdict_executed> verdict; // if there are no events
    protocol::time_point at;
    std::size_t subscribers = 0;
    std::size_t bound = 0; // of the first event
    std::size_t evicted = 0;
    std::size_t evicted_end = 0;
  };

  batch batch_of(const item& x) const noexcept;
  void forget_all() noexcept;

  std::vector<item> items_;
  std::vector<protocol::bound_request> bound_;
  std::vector<eviction> evicted_;
  std::size_t taken_ = 0;   // of items_
  std::uint64_t first_ = 0; // of items_, its number less one
  std::uint64_t sequence_ = 0;
  std::uint64_t missed_ = 0;
  std::size_t bytes_ = 0;
  // The batch that is being announced.
  std::size_t begun_at_ = 0;
  std::size_t evicted_at_ = 0;
  bool is_missed_ = false;
  bool eager_ = false;
  bool woken_ = false;
};

using news_box_ptr = std::shared_ptr<news_box>;

} // namespace clearance::actors
