/// How a subscriber is doing, for those who wait for it.
#pragma once

#include "protocol/hub/backpressure.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace clearance::actors {

/// Written by one subscriber, read by its registry (which writes what it found
/// of it) without a message; relaxed, for a value that is a moment old does no
/// harm. Both live on one thread in all our programs, so there it is exact.
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

  /// `n` whole events were taken by the socket; 0 for one that just came.
  void progress(std::uint64_t n, time_point now) noexcept {
    delivered_.fetch_add(n, relaxed);
    last_progress_.store(now, relaxed);
    stuck_.store(false, relaxed);
  }

  /// The registry found that it makes no progress; until it does.
  void found_stuck() noexcept { stuck_.store(true, relaxed); }

  /// Somebody wants to hear of room in the queue; once.
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
