/// One announced block inside of the authorisation map, and the container that
/// it belongs to. Only the parts of the map include this.
#pragma once

#include "protocol/base/age_ring.hpp"
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
/// that reading an open request costs about one wait for memory.
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
  slot_link owner = no_slot;
  slot_link undelivered = no_slot; // place in undelivered_index, if it is there
  std::array<char, 88> short_texts; // request_id, then the target

private:
  const char* texts() const noexcept {
    return long_texts == nullptr ? short_texts.data() : long_texts.get();
  }
};

static_assert(sizeof(open_request) == 128);

using open_requests = slot_array<open_request, &open_request::undelivered>;

/// An open request as its container has it. Whoever looks for the oldest one,
/// or for its place in the index, need not read the open request itself.
struct aged_request {
  std::uint64_t announced = 0;
  slot_link at = no_slot; // no_slot: it is gone
  std::uint32_t id_hash = 0;

  std::uint64_t number() const noexcept { return announced; }
  bool has_ended() const noexcept { return at == no_slot; }
};

/// A container that holds open requests. In two cache lines, if the name is
/// short.
struct alignas(64) holder {
  std::string name;
  std::uint32_t hash = 0;
  std::uint32_t count = 0;     // of open requests, in flight ones included
  std::uint32_t in_flight = 0; // of those
  std::size_t bytes = 0;
  age_ring<aged_request> line; // in flight ones keep their place
  // What is older is in flight, if anything is.
  std::uint64_t live_from = 0;
};

static_assert(sizeof(holder) == 128);

using request_holders = slot_array<holder, &holder::hash>;

} // namespace clearance::protocol
