/// Where the parts of a program show what they count.
#pragma once

#include "protocol/metrics/counter.hpp"

#include <functional>
#include <list>
#include <memory>
#include <string_view>

namespace clearance::actors {

/// Asks all parts for their counters. What a part has counted when it ends
/// stays: a counter that goes up only does not go down because a container has
/// ended. Used on the I/O thread.
class counter_board : public std::enable_shared_from_this<counter_board> {
public:
  /// Appends a part's counters.
  using source = std::function<void(protocol::counter_list&)>;

  /// As long as it lives a part is asked.
  class place {
  public:
    place() = default;
    place(place&& other) noexcept = default;
    place& operator=(place&& other) noexcept = delete;
    ~place();

  private:
    friend class counter_board;
    std::shared_ptr<counter_board> board_;
    std::list<source>::iterator at_;
  };

  place add(source x);

  protocol::counter_list collect() const;

private:
  void remove(std::list<source>::iterator at) noexcept;

  std::list<source> sources_;
  protocol::counter_list ended_; // each once
};

/// Null: nobody asks.
using counter_board_ptr = std::shared_ptr<counter_board>;

/// The same for a board that may be null.
counter_board::place show_counters(const counter_board_ptr& on,
                                   counter_board::source x);

/// Writes a part's counters to the log, as the line "counters" of `part`.
void log_counters(std::string_view part, const protocol::counter_list& all);

} // namespace clearance::actors
