/// The open requests of the authorisation map: looked up, ordered, accounted
/// for and evicted. Only authorisation.cpp includes this; the rules of verdicts
/// are there.
#pragma once

#include "protocol/base/flat_index.hpp"
#include "protocol/base/keyed_hash.hpp"
#include "protocol/hub/open_request.hpp"
#include "protocol/hub/undelivered_index.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace clearance::protocol {

/// Owns every open request and its container's holder. A link names an open
/// request until the next announce(), drop() or remove().
class open_request_store {
public:
  using ticket = authorisation_map::ticket;

  explicit open_request_store(authorisation_limits bounds) : bounds_(bounds) {
    // nop
  }
  open_request_store(const open_request_store&) = delete;
  open_request_store& operator=(const open_request_store&) = delete;

  /// Adds a live open request, newer than all others, in place of an older one
  /// of the same container and request_id, and evicts what is in its way.
  /// Returns how many had to go; the new one itself counts when it got no room,
  /// or no memory. Never throws.
  std::size_t announce(coming_block& x, std::string_view target,
                       undelivered_event_ptr event);

  /// See authorisation_map::look_ahead().
  void look_ahead(std::span<coming_block> next) const noexcept;

  /// What the last announcement made.
  bound_request last_bound() const noexcept { return last_bound_; }
  void announced_nothing() noexcept { last_bound_ = {}; }

  /// See authorisation_map::watch_evictions().
  void watch_evictions(std::function<void(std::uint64_t)> f) {
    on_eviction_ = std::move(f);
  }

  /// Removes all of a container. Returns how many were live.
  std::size_t drop(std::string_view container);

  /// no_slot, as in the next three: there is none.
  slot_link find(std::string_view container, std::string_view request_id) const;

  /// Exactly this open request.
  slot_link find(std::string_view container, const request_ref& x) const;

  /// The open request that `id` put in flight, if it still is.
  slot_link find(ticket id) const;

  /// The newest live open request of this id, whosever it is. Asks each
  /// container that has open requests.
  slot_link newest_live(std::string_view request_id) const;

  const open_request& operator[](slot_link at) const noexcept {
    return requests_[at];
  }
  const std::string& container_of(const open_request& x) const noexcept {
    return holders_[x.owner].name;
  }

  /// Puts a live open request in flight. Throws std::bad_alloc, and then
  /// nothing has changed.
  ticket launch(slot_link at);

  /// Makes one in flight live again, as old as it is.
  void land(slot_link at);

  void remove(slot_link at);

  /// Asks so many of the oldest events whether somebody was handed them, and
  /// lets those go.
  void sweep_oldest(std::size_t events);

  /// Calls `f` with every open request numbered more than `number` whose event
  /// is still here, and with the event, until `f` says false.
  template <class F>
  void walk_undelivered_after(std::uint64_t number, F f) const {
    undelivered_.walk_after(number, [&](const undelivered_index::entry& x) {
      return f(requests_[x.request], x.event);
    });
  }

  std::size_t size() const noexcept { return requests_.size(); }
  std::size_t in_flight() const noexcept { return tickets_.size(); }
  std::size_t holders() const noexcept { return holders_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }
  std::uint64_t last_number() const noexcept { return last_number_; }
  std::uint64_t evicted() const noexcept { return evicted_; }
  std::uint64_t without_memory() const noexcept { return without_memory_; }

  /// What an open request is charged beside its container's name, its texts and
  /// its event: its slot, the head of the texts' allocation, and its share in
  /// the indexes. test/protocol/hub/authorisation_memory.cpp measures it.
  static constexpr std::size_t overhead_bytes = 256;

private:
  slot_link find_holder(std::string_view container, std::uint32_t hash) const;
  slot_link find(slot_link owner, std::string_view request_id,
                 std::uint32_t id_hash) const;
  std::uint32_t hash_of(std::string_view text) const noexcept;
  void take_hashes(coming_block& x) const noexcept;
  void prefetch_line(const coming_block& x) const noexcept;
  void prefetch_oldest(const coming_block& x) const noexcept;
  static std::uint32_t key_hash(const holder& owner,
                                std::uint32_t id_hash) noexcept;
  std::size_t charge_of(const open_request& x) const noexcept;

  bool fits(const holder& owner, std::size_t bytes) const noexcept;
  bool could_fit(const holder& owner, std::size_t bytes) const noexcept;
  std::size_t make_room(slot_link owner, std::size_t bytes);
  slot_link oldest(holder& owner);

  slot_link hold(const coming_block& x);
  bool add(slot_link owner, std::uint32_t id_hash, std::string_view request_id,
           std::string_view target, undelivered_event_ptr event,
           std::size_t event_bytes);
  void take_out(slot_link at) noexcept;
  void remove_if_empty(slot_link owner) noexcept;
  void sweep(std::size_t events);
  void release_event(open_request& x);
  void compact_requests() noexcept;
  void compact_holders() noexcept;

  authorisation_limits bounds_;
  keyed_hash hash_;
  request_holders holders_;
  open_requests requests_;
  flat_index names_; // holders by name
  flat_index keys_;  // open requests by container and request_id
  std::unordered_map<ticket, slot_link> tickets_; // in flight ones
  undelivered_index undelivered_;
  std::size_t bytes_ = 0;
  std::size_t saved_sweeps_ = 0;
  ticket last_ticket_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t evicted_ = 0;
  std::uint64_t without_memory_ = 0;
  bound_request last_bound_;
  std::function<void(std::uint64_t)> on_eviction_;
};

} // namespace clearance::protocol
