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
/// namesakes and, until some client has its event, in the log of those.
struct open_request {
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
  std::uint64_t number = 0; // of the announcement; orders all open_requests
  authorisation_map::ticket ticket = 0; // 0: live
  bool is_set_aside = false;            // which list of its holder's
  std::size_t bytes = 0;                // charged, without the event's
  std::size_t event_bytes = 0;          // charged; 0 once it is let go
  undelivered_event_ptr undelivered;    // null once it is let go

  std::size_t log_position = 0;  // in undelivered_index, while `undelivered`
  open_request* older = nullptr; // in the holder's list
  open_request* newer = nullptr;
  open_request* older_namesake = nullptr; // same request_id, any container
  open_request* newer_namesake = nullptr;
  open_request* key_chain = nullptr; // index by container and request_id
  open_request* id_chain =
      nullptr; // index by request_id: newest namesakes only
};

/// Bindings linked through `older` and `newer`, by number.
struct age_list {
  open_request* oldest = nullptr;
  open_request* newest = nullptr;

  /// Where its number belongs, found from the newest or the oldest on.
  void insert_from_newest(open_request& x) noexcept;
  void insert_from_oldest(open_request& x) noexcept;

  void remove(open_request& x) noexcept;

private:
  /// Before `successor`; at the end if null.
  void insert_before(open_request* successor, open_request& x) noexcept;
};

/// A container that holds open requests.
struct holder {
  std::string name;
  std::size_t hash = 0;
  std::size_t count = 0; // of open_requests, in flight ones included
  std::size_t bytes = 0;
  age_list line;      // in flight ones between others keep their place
  age_list set_aside; // in flight ones that were the oldest of the line
  holder* chain = nullptr;
};

} // namespace clearance::protocol
