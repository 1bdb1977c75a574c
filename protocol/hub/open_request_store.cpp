#include "protocol/hub/open_request_store.hpp"

#include "protocol/base/prefetch.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>
#include <vector>

// Open requests lie in one array, their holders in another. Links and indexes
// name them by their places in it:
//
//   names_       -> holder -> line             its open requests, oldest first
//   keys_        -> open request               by container and request_id
//   tickets_     -> open request               in flight ones
//   undelivered_ -> open request               by number, with its event
//
// No announcement's cost grows with the number of open requests. With many
// containers each wait for memory costs more than all else, so an announcement
// reads few objects: its container, the open request that makes room, and the
// index where one entry goes and another one comes. look_ahead() asks for these
// some blocks before. A verdict that names no
// open request of its container is refused anyway; only such a verdict asks all
// containers, for the reason.
//
// An open request that is cited keeps its place in the line. Whoever looks for
// the oldest live one steps over those in flight, and begins where the last
// search ended or where one has landed since.
//
// Room. At a bound the container that announces gives up its own oldest open
// request and never that of another: no container can push out another's. None
// goes in vain: where all that the container has would not make enough room,
// the new block gets no open request. Live ones go before those in flight,
// which are the only place that a failed verdict can come back to; the verdict
// of one that had to go settles nothing.
//
// Events. Nobody tells the store that a client was handed an event: the store
// asks the events. Each announcement asks a few, in turn, and one that finds no
// room asks as many more as those before it could have asked. So a bound holds
// at once, an event that was handed is charged and kept a little longer than it
// must be, and an announcement's cost does not grow with the map.
//
// Memory. An announcement takes the slot that was freed last. When three
// quarters of the slots are free, the open requests that are left move together
// and all links are renewed. That visits as many slots as a constant times the
// removals since the last time.
//
// If memory is denied to an announcement, its block gets no open request, as if
// there were no room: add() asks for all memory before it links anything. What
// removes needs no memory. Where an array would be made smaller and the memory
// for that is denied, it stays as it is, and the next removal tries again.

namespace clearance::protocol {

namespace {

// Asked by each announcement: one would do where every event is handed, the
// other catches up after a time when none was.
constexpr std::size_t swept_per_announcement = 2;

// What may be saved for the moment when room is short. Some 50 us.
constexpr std::size_t swept_at_once_max = 1024;

} // namespace

// -- looking up ---------------------------------------------------------------

std::uint32_t
open_request_store::hash_of(std::string_view text) const noexcept {
  return static_cast<std::uint32_t>(hash_(text));
}

// Unequal roles, so that ("a", "b") and ("b", "a") differ.
std::uint32_t open_request_store::key_hash(const holder& owner,
                                           std::uint32_t id_hash) noexcept {
  return owner.hash * 0x9e3779b1U ^ id_hash;
}

slot_link open_request_store::find_holder(std::string_view container,
                                          std::uint32_t hash) const {
  return names_.find(
      hash, [&](slot_link at) { return holders_[at].name == container; });
}

slot_link open_request_store::find(slot_link owner, std::string_view request_id,
                                   std::uint32_t id_hash) const {
  return keys_.find(key_hash(holders_[owner], id_hash), [&](slot_link at) {
    const auto& x = requests_[at];
    return x.owner == owner && x.request_id() == request_id;
  });
}

slot_link open_request_store::find(std::string_view container,
                                   std::string_view request_id) const {
  auto owner = find_holder(container, hash_of(container));
  return owner == no_slot ? no_slot
                          : find(owner, request_id, hash_of(request_id));
}

// The place is right unless the open requests were moved together since.
slot_link open_request_store::find(std::string_view container,
                                   const request_ref& x) const {
  if (x.generation == 0)
    return no_slot;
  if (requests_.has(x.place) && requests_[x.place].number == x.generation)
    return container_of(requests_[x.place]) == container ? x.place : no_slot;
  const auto owner = find_holder(container, hash_of(container));
  if (owner == no_slot)
    return no_slot;
  const auto* known = holders_[owner].line.find(x.generation);
  return known == nullptr ? no_slot : known->at;
}

slot_link open_request_store::find(ticket id) const {
  auto x = tickets_.find(id);
  return x == tickets_.end() ? no_slot : x->second;
}

slot_link open_request_store::newest_live(std::string_view request_id) const {
  const auto id_hash = hash_of(request_id);
  auto newest = no_slot;
  for (slot_link owner = 0; holders_.has(owner); ++owner) {
    if (holders_[owner].count == 0)
      continue;
    const auto at = find(owner, request_id, id_hash);
    if (at != no_slot && !requests_[at].in_flight()
        && (newest == no_slot
            || requests_[at].number > requests_[newest].number))
      newest = at;
  }
  return newest;
}

// -- looking ahead ------------------------------------------------------------

// Each step asks for the memory that the next one reads: the index of holders,
// the holder, its name and line, the open request that will make room. Between
// two steps of a block there are some for others, which take about as long as
// memory.
void open_request_store::look_ahead(
    std::span<coming_block> next) const noexcept {
  constexpr std::size_t apart = 2;
  const auto with = [&](std::size_t steps_left, auto f) {
    const auto at = apart * steps_left;
    if (at < next.size() && !next[at].request_id().empty())
      f(next[at]);
  };
  with(4, [&](coming_block& x) {
    take_hashes(x);
    names_.prefetch(x.container_hash_);
  });
  with(3, [&](coming_block& x) {
    if (x.is_hashed_)
      x.holder_ =
          names_.find(x.container_hash_, [](slot_link) { return true; });
    holders_.prefetch(x.holder_);
  });
  with(2, [&](const coming_block& x) { prefetch_line(x); });
  with(1, [&](const coming_block& x) { prefetch_oldest(x); });
}

void open_request_store::take_hashes(coming_block& x) const noexcept {
  x.container_hash_ = hash_of(x.container_);
  x.id_hash_ = hash_of(x.request_id_);
  x.is_hashed_ = true;
}

void open_request_store::prefetch_line(const coming_block& x) const noexcept {
  if (!holders_.has(x.holder_))
    return;
  const auto& owner = holders_[x.holder_];
  protocol::prefetch(owner.name.data());
  owner.line.prefetch();
  keys_.prefetch(key_hash(owner, x.id_hash_));
}

void open_request_store::prefetch_oldest(const coming_block& x) const noexcept {
  if (!holders_.has(x.holder_))
    return;
  const auto& owner = holders_[x.holder_];
  if (owner.line.empty())
    return;
  const auto& oldest = owner.line[0];
  requests_.prefetch(oldest.at);
  keys_.prefetch(key_hash(owner, oldest.id_hash));
}

// -- announcing and evicting --------------------------------------------------

std::size_t open_request_store::announce(coming_block& block,
                                         std::string_view target,
                                         undelivered_event_ptr event) {
  if (!block.is_hashed_)
    take_hashes(block);
  const auto container = block.container_;
  const auto request_id = block.request_id_;
  const auto id_hash = block.id_hash_;
  ++last_number_;
  last_bound_ = {};
  const auto owner = hold(block);
  if (owner == no_slot) { // so it has no older block either
    ++without_memory_;
    ++evicted_;
    return 1;
  }
  sweep(swept_per_announcement);
  saved_sweeps_ =
      std::min(saved_sweeps_ + swept_per_announcement, swept_at_once_max);
  // The older block of this id is over, room or no room: its target must not
  // be approved under an id that means another one now.
  if (auto older = find(owner, request_id, id_hash); older != no_slot) {
    if (on_eviction_)
      on_eviction_(requests_[older].number);
    take_out(older);
  }
  if (event != nullptr && event->handed())
    event.reset();
  auto event_bytes = event == nullptr ? 0 : event->bytes();
  auto bytes = overhead_bytes + container.size() + request_id.size()
               + target.size() + event_bytes;
  auto victims = make_room(owner, bytes);
  if (!fits(holders_[owner], bytes)
      || !add(owner, id_hash, request_id, target, std::move(event),
              event_bytes))
    ++victims;
  remove_if_empty(owner);
  evicted_ += victims;
  return victims;
}

bool open_request_store::fits(const holder& owner,
                              std::size_t bytes) const noexcept {
  return owner.count < bounds_.per_container && size() < bounds_.total
         && owner.bytes + bytes <= bounds_.per_container_bytes
         && bytes_ + bytes <= bounds_.total_bytes;
}

// Whether it would fit if its container had no other.
bool open_request_store::could_fit(const holder& owner,
                                   std::size_t bytes) const noexcept {
  return bounds_.per_container > 0 && size() - owner.count < bounds_.total
         && bytes <= bounds_.per_container_bytes
         && bytes_ - owner.bytes + bytes <= bounds_.total_bytes;
}

// Returns how many were evicted.
std::size_t open_request_store::make_room(slot_link owner, std::size_t bytes) {
  auto& x = holders_[owner];
  if (!fits(x, bytes))
    sweep(std::exchange(saved_sweeps_, 0));
  if (!could_fit(x, bytes))
    return 0;
  std::size_t victims = 0;
  for (; !fits(x, bytes); ++victims) {
    const auto at = oldest(x);
    if (on_eviction_)
      on_eviction_(requests_[at].number);
    take_out(at);
  }
  return victims;
}

// The oldest live one, else the oldest of those in flight. There is one.
slot_link open_request_store::oldest(holder& owner) {
  const auto& line = owner.line;
  if (owner.in_flight == 0 || owner.in_flight == owner.count)
    return line[0].at;
  auto i = line.lower_bound(owner.live_from);
  while (line[i].has_ended() || requests_[line[i].at].in_flight())
    ++i;
  owner.live_from = line[i].number();
  return line[i].at;
}

// -- adding and removing ------------------------------------------------------

// no_slot: memory was denied, and nothing has changed.
slot_link open_request_store::hold(const coming_block& x) {
  const auto container = x.container_;
  if (holders_.has(x.holder_) && holders_[x.holder_].count > 0
      && holders_[x.holder_].name == container)
    return x.holder_;
  const auto hash = x.container_hash_;
  if (auto at = find_holder(container, hash); at != no_slot)
    return at;
  try {
    names_.reserve_one();
    std::string name{container};
    auto at = holders_.take();
    holders_[at].name = std::move(name);
    holders_[at].hash = hash;
    names_.insert(hash, at);
    return at;
  } catch (const std::bad_alloc&) {
    return no_slot;
  }
}

void open_request_store::remove_if_empty(slot_link owner) noexcept {
  if (holders_[owner].count > 0)
    return;
  names_.erase(holders_[owner].hash, owner);
  holders_.give_back(owner);
  if (holders_.sparse())
    compact_holders();
}

std::size_t
open_request_store::charge_of(const open_request& x) const noexcept {
  return overhead_bytes + holders_[x.owner].name.size() + x.id_size
         + x.target_size;
}

// There is no other one of this container and id. False: memory was denied, and
// nothing has changed.
bool open_request_store::add(slot_link owner, std::uint32_t id_hash,
                             std::string_view request_id,
                             std::string_view target,
                             undelivered_event_ptr event,
                             std::size_t event_bytes) {
  auto at = no_slot;
  try {
    keys_.reserve_one();
    holders_[owner].line.reserve_one();
    if (event != nullptr)
      undelivered_.reserve_one();
    at = requests_.take();
    requests_[at].set_texts(request_id, target);
  } catch (const std::bad_alloc&) {
    if (at != no_slot)
      requests_.give_back(at);
    ++without_memory_;
    return false;
  }
  auto& x = requests_[at];
  x.number = last_number_;
  last_bound_ = {{last_number_, at}, owner};
  x.owner = owner;
  auto& y = holders_[owner];
  auto bytes = charge_of(x) + event_bytes;
  ++y.count;
  y.bytes += bytes;
  bytes_ += bytes;
  y.line.push({x.number, at, id_hash});
  keys_.insert(key_hash(y, id_hash), at);
  if (event != nullptr)
    x.undelivered =
        undelivered_.append({x.number, std::move(event),
                             static_cast<std::uint32_t>(event_bytes), at});
  return true;
}

// Its holder stays, even if it is empty now.
void open_request_store::take_out(slot_link at) noexcept {
  auto& x = requests_[at];
  auto& owner = holders_[x.owner];
  if (x.undelivered != no_slot)
    release_event(x);
  auto& aged = *owner.line.find(x.number);
  keys_.erase(key_hash(owner, aged.id_hash), at);
  aged.at = no_slot;
  owner.line.note_end();
  if (x.in_flight()) {
    tickets_.erase(x.ticket);
    --owner.in_flight;
  }
  auto bytes = charge_of(x);
  bytes_ -= bytes;
  owner.bytes -= bytes;
  --owner.count;
  requests_.give_back(at);
  if (requests_.sparse())
    compact_requests();
}

void open_request_store::remove(slot_link at) {
  auto owner = requests_[at].owner;
  take_out(at);
  remove_if_empty(owner);
}

std::size_t open_request_store::drop(std::string_view container) {
  auto owner = find_holder(container, hash_of(container));
  if (owner == no_slot)
    return 0;
  auto live = size() - in_flight();
  while (!holders_[owner].line.empty())
    take_out(holders_[owner].line[0].at);
  remove_if_empty(owner);
  return live - (size() - in_flight());
}

// -- verdicts -----------------------------------------------------------------

open_request_store::ticket open_request_store::launch(slot_link at) {
  tickets_.emplace(last_ticket_ + 1, at);
  ++holders_[requests_[at].owner].in_flight;
  return requests_[at].ticket = ++last_ticket_;
}

void open_request_store::land(slot_link at) {
  auto& x = requests_[at];
  auto& owner = holders_[x.owner];
  tickets_.erase(std::exchange(x.ticket, 0));
  --owner.in_flight;
  owner.live_from = std::min(owner.live_from, x.number);
}

// -- events -------------------------------------------------------------------

// Asks so many, in turn.
void open_request_store::sweep(std::size_t events) {
  for (; events > 0 && !undelivered_.empty(); --events)
    if (const auto* x = undelivered_.turn(); x != nullptr && x->event->handed())
      release_event(requests_[x->request]);
}

void open_request_store::sweep_oldest(std::size_t events) {
  std::vector<slot_link> handed; // letting go moves what is walked
  undelivered_.walk_after(0, [&](const undelivered_index::entry& x) {
    if (x.event->handed())
      handed.push_back(x.request);
    return --events > 0;
  });
  for (auto at : handed)
    release_event(requests_[at]);
}

void open_request_store::release_event(open_request& x) {
  auto place = std::exchange(x.undelivered, no_slot);
  auto bytes = undelivered_.at(place).bytes;
  undelivered_.remove(place, [this](slot_link request, slot_link moved_to) {
    requests_[request].undelivered = moved_to;
  });
  bytes_ -= bytes;
  holders_[x.owner].bytes -= bytes;
}

// -- memory -------------------------------------------------------------------

namespace {

// Nothing if memory is denied: then no object has moved.
template <class Array>
std::optional<std::vector<slot_link>> compacted(Array& x) noexcept {
  try {
    return x.compact();
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

} // namespace

void open_request_store::compact_requests() noexcept {
  const auto places = compacted(requests_);
  if (!places)
    return;
  const auto& moved = *places;
  auto follow = [&](slot_link& at) { at = at == no_slot ? at : moved[at]; };
  holders_.for_each([&](holder& x) {
    for (std::size_t i = 0; i < x.line.size(); ++i)
      follow(x.line[i].at);
  });
  for (auto& [id, at] : tickets_)
    follow(at);
  keys_.follow(moved);
  undelivered_.follow(moved);
}

void open_request_store::compact_holders() noexcept {
  const auto places = compacted(holders_);
  if (!places)
    return;
  const auto& moved = *places;
  requests_.for_each([&](open_request& x) {
    if (x.owner != no_slot)
      x.owner = moved[x.owner];
  });
  names_.follow(moved);
}

} // namespace clearance::protocol
