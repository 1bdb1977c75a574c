/// The prompts that the policy allows and that have not been executed yet.
#pragma once

#include "protocol/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace clearance::actors {

/// Says which prompt is next: the containers take turns, and after each
/// execution a container rests. What it costs does not depend on how many wait.
/// If memory is denied to a function, nothing has changed.
class automatic_queue {
public:
  struct turn {
    std::uint64_t prompt = 0; ///< its number
    std::string container;
  };

  explicit automatic_queue(protocol::duration rest) : rest_(rest) {}
  automatic_queue(const automatic_queue&) = delete;
  automatic_queue& operator=(const automatic_queue&) = delete;

  /// Adds a prompt of a container; one that is there is not added again.
  /// Returns how many of the container wait now.
  std::size_t add(std::uint64_t prompt, const std::string& container);

  /// Removes the prompts of a container that do not wait for the policy any
  /// more.
  void keep(const std::string& container,
            const std::function<bool(std::uint64_t)>& still_waits);

  /// Takes the next one, of a container that does not rest. Call began() if it
  /// is executed.
  std::optional<turn> take(protocol::time_point now);

  /// The container of the prompt that was taken last rests from now on.
  void began(const std::string& container, protocol::time_point now);

  /// When a container that rests may be next; the largest time: nothing waits
  /// for that.
  protocol::time_point due() const;

  std::size_t size() const noexcept { return size_; }

private:
  struct line;
  using lines = std::map<std::string, line, std::less<>>;
  using rests = std::multimap<protocol::time_point, lines::iterator>;

  struct line {
    std::set<std::uint64_t> prompts; // the oldest first
    bool is_ready = false;           // it is in ready_
    bool rests = false;              // it is in rests_
  };

  void end_rests(protocol::time_point now);
  void erase_if_idle(lines::iterator at);

  protocol::duration rest_;
  lines lines_;
  std::deque<lines::iterator> ready_;
  rests rests_; // the rest that ends first is the first
  std::size_t size_ = 0;
};

} // namespace clearance::actors
