/// One announced block inside of the authorisation map, and the orders in which
/// it hangs. Only the parts of the map include this.
#pragma once

#include "protocol/base/slot_array.hpp"
#include "protocol/hub/authorisation.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace clearance::protocol {

/// Two neighbouring cache lines, in which texts of usual length have room, so
/// that reading an open request costs about one wait for memory. It hangs in
/// the list of its holder and in that of its namesakes: the open requests of
/// the same request_id, of any container. Links are places in the array of all
/// open requests.
struct alignas(128) open_request {
  /// Sets both texts. Throws std::bad_alloc, and then nothing has changed.
  void set_texts(std::string_view request_id, std::string_view target);

  std::string_view request_id() const noexcept { return {texts(), id_size}; }
  std::string_view target() const noexcept {
    return {texts() + id_size, target_size};
  }
  bool in_flight() const noexcept { return ticket != 0; }

  std::uint64_t number = 0; // of the announcement; orders all open requests
  authorisation_map::ticket ticket = 0; // 0: live
  std::unique_ptr<char[]> long_texts;   // null: they are in short_texts
  std::uint32_t id_size = 0;
  std::uint32_t target_size = 0;
  std::uint32_t id_hash = 0;
  slot_link owner = no_slot;
  slot_link older = no_slot; // in the holder's list
  slot_link newer = no_slot;
  slot_link older_namesake = no_slot;
  slot_link newer_namesake = no_slot;
  slot_link undelivered = no_slot; // place in undelivered_index, if it is there
  bool is_set_aside = false;       // which list of its holder's
  std::array<char, 64> short_texts; // request_id, then the target

private:
  const char* texts() const noexcept {
    return long_texts == nullptr ? short_texts.data() : long_texts.get();
  }
};

static_assert(sizeof(open_request) == 128);

using open_requests = slot_array<open_request, &open_request::older>;

/// Open requests linked through `older` and `newer`, by number.
struct age_list {
  slot_link oldest = no_slot;
  slot_link newest = no_slot;

  /// Where its number belongs, found from the newest or the oldest on.
  void insert_from_newest(open_requests& all, slot_link at) noexcept;
  void insert_from_oldest(open_requests& all, slot_link at) noexcept;

  void remove(open_requests& all, slot_link at) noexcept;

private:
  /// Before `successor`; at the end if there is none.
  void insert_before(open_requests& all, slot_link successor,
                     slot_link at) noexcept;
};

/// A container that holds open requests.
struct holder {
  std::string name;
  std::uint32_t hash = 0;
  std::uint32_t count = 0; // of open requests, in flight ones included
  std::size_t bytes = 0;
  age_list line;      // in flight ones between others keep their place
  age_list set_aside; // in flight ones that were the oldest of the line
};

using request_holders = slot_array<holder, &holder::hash>;

} // namespace clearance::protocol
