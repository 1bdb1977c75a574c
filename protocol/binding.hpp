/// One announced block inside of the authorisation map, and the orders in which
/// it hangs. Nobody but authorisation.cpp and its parts includes this.
#pragma once

#include "protocol/authorisation.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::protocol {

struct holder;

/// Hangs in its holder's list, in two hash indexes, in the list of its
/// namesakes and, until some client has its parcel, in the log of those.
struct binding {
  std::string_view request_id() const noexcept {
    return std::string_view{texts}.substr(0, id_size);
  }
  std::string_view target() const noexcept {
    return std::string_view{texts}.substr(id_size);
  }
  bool in_flight() const noexcept { return ticket != 0; }

  holder* owner = nullptr;
  std::string texts; // request_id, then the target: one allocation
  std::size_t id_size = 0;
  std::size_t id_hash = 0;
  std::uint64_t number = 0; // of the announcement; orders all bindings
  authorisation_map::ticket ticket = 0; // 0: live
  std::size_t bytes = 0;                // charged, without the parcel's
  std::size_t parcel_bytes = 0;         // charged; 0 once it is let go
  parcel_ptr unhanded;                  // null once it is let go

  std::size_t log_position = 0; // in unhanded_log, while `unhanded`
  binding* older = nullptr;     // in the holder's list
  binding* newer = nullptr;
  binding* older_namesake = nullptr; // same request_id, any container
  binding* newer_namesake = nullptr;
  binding* key_chain = nullptr; // index by container and request_id
  binding* id_chain = nullptr;  // index by request_id: newest namesakes only
};

/// Bindings linked through `older` and `newer`.
struct age_list {
  binding* oldest = nullptr;
  binding* newest = nullptr;

  void append(binding& x) noexcept { insert_before(nullptr, x); }

  /// Where its number belongs. Walks from the nearer end.
  void insert_by_number(binding& x) noexcept;

  /// Before `successor`; at the end if null.
  void insert_before(binding* successor, binding& x) noexcept;

  void remove(binding& x) noexcept;
};

/// A container that holds bindings.
struct holder {
  std::string name;
  std::size_t hash = 0;
  std::size_t count = 0; // of bindings, in flight ones included
  std::size_t bytes = 0;
  age_list live;      // by number
  age_list in_flight; // by citation
  holder* chain = nullptr;
};

/// The bindings whose parcels no client is known to have, by number. Numbers
/// grow, so a vector stays sorted; who leaves it leaves a hole, and holes go
/// once they are the most of it.
class unhanded_log {
public:
  /// `x` has the greatest number so far.
  void append(binding& x);

  void remove(binding& x);

  /// The next slot round and round; null for a hole. The log is not empty.
  binding* turn() noexcept;

  /// Calls `f` with every binding numbered more than `number` until it says
  /// false. `f` changes nothing.
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
    binding* what;
  };

  std::size_t first_after(std::uint64_t number) const noexcept;
  void close_holes();

  std::vector<slot> slots_;
  std::size_t size_ = 0; // without holes
  std::size_t hand_ = 0; // where turn() goes on
};

} // namespace clearance::protocol
