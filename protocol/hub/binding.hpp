/// One announced block inside of the authorisation map, and the orders in which
/// it hangs. Only the parts of the map include this.
#pragma once

#include "protocol/hub/authorisation.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

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
  std::size_t key_hash = 0;
  std::uint64_t number = 0; // of the announcement; orders all bindings
  authorisation_map::ticket ticket = 0; // 0: live
  bool is_set_aside = false;            // which list of its holder's
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

/// Bindings linked through `older` and `newer`, by number.
struct age_list {
  binding* oldest = nullptr;
  binding* newest = nullptr;

  /// Where its number belongs, found from the newest or the oldest on.
  void insert_from_newest(binding& x) noexcept;
  void insert_from_oldest(binding& x) noexcept;

  void remove(binding& x) noexcept;

private:
  /// Before `successor`; at the end if null.
  void insert_before(binding* successor, binding& x) noexcept;
};

/// A container that holds bindings.
struct holder {
  std::string name;
  std::size_t hash = 0;
  std::size_t count = 0; // of bindings, in flight ones included
  std::size_t bytes = 0;
  age_list line;      // in flight ones between others keep their place
  age_list set_aside; // in flight ones that were the oldest of the line
  holder* chain = nullptr;
};

} // namespace clearance::protocol
