/// The status of a subscriber's queue, for the actor that waits for it.
#pragma once

#include "protocol/hub/backpressure.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace clearance::actors {

/// Written by one subscriber and read by its registry, without messages. The
/// registry also writes here that the subscriber is stuck. The atomics are
/// relaxed, because a slightly old value does no harm. In our programs both
/// actors run on one thread, so the values are exact.
class queue_status {
public:
  using time_point = protocol::time_point;

  protocol::queue_level level() const noexcept {
    return {waiting_.load(relaxed), waiting_bytes_.load(relaxed),
            last_progress_.load(relaxed), stuck_.load(relaxed),
            flowing_.load(relaxed)};
  }
  std::uint64_t dropped() const noexcept { return dropped_.load(relaxed); }
  std::uint64_t delivered() const noexcept { return delivered_.load(relaxed); }

  void set_waiting(std::size_t events, std::size_t bytes) noexcept {
    waiting_.store(events, relaxed);
    waiting_bytes_.store(bytes, relaxed);
  }
  void set_flowing(bool on) noexcept { flowing_.store(on, relaxed); }
  void add_dropped(std::uint64_t n) noexcept { dropped_.fetch_add(n, relaxed); }

  /// The socket has accepted `n` whole events. 0 for a new subscriber.
  void progress(std::uint64_t n, time_point now) noexcept {
    delivered_.fetch_add(n, relaxed);
    last_progress_.store(now, relaxed);
    stuck_.store(false, relaxed);
  }

  /// The registry found that the subscriber makes no progress. Holds until it
  /// makes some.
  void found_stuck() noexcept { stuck_.store(true, relaxed); }

  /// The registry wants one message when the queue has room.
  void want_room() noexcept { room_wanted_.store(true, relaxed); }
  bool take_room_wanted() noexcept {
    return room_wanted_.load(relaxed) && room_wanted_.exchange(false, relaxed);
  }

private:
  static constexpr auto relaxed = std::memory_order_relaxed;

  std::atomic<std::size_t> waiting_ = 0;
  std::atomic<std::size_t> waiting_bytes_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::atomic<std::uint64_t> delivered_ = 0;
  std::atomic<time_point> last_progress_ = time_point{};
  std::atomic<bool> stuck_ = false;
  std::atomic<bool> flowing_ = false;
  std::atomic<bool> room_wanted_ = false;
};

} // namespace clearance::actors
