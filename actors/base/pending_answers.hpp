/// Requests of an actor that have a deadline, for an actor that has many.
#pragma once

#include "protocol/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace clearance::actors {

/// Keeps who waits for each answer. CAF has deadlines of its own, but each
/// wakes the thread of CAF's clock, and stays there until its time even if the
/// answer came at once: 10 000 requests a second with 60 s are 600 000 timers.
/// Here one timer is enough, because all requests have the same time:
///
///   number = pending.add(now, f);
///   self->request(to, caf::infinite, x).then(...)
///       with an answer y: if (auto f = pending.take(number)) f(&y);
///       with an error:    if (auto f = pending.take(number)) f(nullptr);
///   a timer for next(), at which expire() is called
template <class Answer>
class pending_answers {
public:
  /// Called once: with the answer, or null if there is none.
  using handler = std::function<void(const Answer*)>;

  explicit pending_answers(protocol::duration time) : time_(time) {}

  /// If memory is denied, nothing has changed.
  std::uint64_t add(protocol::time_point now, handler f) {
    all_.emplace_hint(all_.end(), last_ + 1, entry{now + time_, std::move(f)});
    return ++last_;
  }

  /// Null: it was taken before, or its time is over.
  handler take(std::uint64_t number) noexcept {
    const auto found = all_.find(number);
    if (found == all_.end())
      return nullptr;
    auto result = std::move(found->second.who);
    all_.erase(found);
    return result;
  }

  /// The first deadline; the largest time: there is none.
  protocol::time_point next() const noexcept {
    return all_.empty() ? protocol::time_point::max()
                        : all_.begin()->second.due;
  }

  /// Calls those whose time is over. They may add requests.
  void expire(protocol::time_point now) {
    while (next() <= now)
      take(all_.begin()->first)(nullptr);
  }

  std::size_t size() const noexcept { return all_.size(); }

private:
  struct entry {
    protocol::time_point due;
    handler who;
  };

  protocol::duration time_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, entry> all_; // the oldest, which is due first, first
};

} // namespace clearance::actors
