/// The announced blocks that nobody was handed, in the order of their
/// announcement. Only the parts of the authorisation map include this.
#pragma once

#include "protocol/hub/open_request.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace clearance::protocol {

/// The open requests whose events no client is known to have, by number.
/// Numbers grow, so a vector stays sorted; who leaves it leaves a hole, and
/// holes go once they are the most of it.
class undelivered_index {
public:
  /// `x` has the greatest number so far.
  void append(open_request& x);

  void remove(open_request& x);

  /// The next slot round and round; null for a hole. The log is not empty.
  open_request* turn() noexcept;

  /// Calls `f` with every open request numbered more than `number` until it
  /// says false. `f` changes nothing.
  template <class F>
  void walk_after(std::uint64_t number, F f) const {
    for (auto i = first_after(number); i < slots_.size(); ++i)
      if (slots_[i].what != nullptr && !f(*slots_[i].what))
        return;
  }

  bool empty() const noexcept { return size_ == 0; }

private:
  struct slot {
    std::uint64_t number;
    open_request* what;
  };

  std::size_t first_after(std::uint64_t number) const noexcept;
  void close_holes();

  std::vector<slot> slots_;
  std::size_t size_ = 0; // without holes
  std::size_t hand_ = 0; // where turn() goes on
};

} // namespace clearance::protocol
