#include "protocol/hub/open_request_store.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>
#include <vector>

// Open requests lie in one array, their holders in another. Links and indexes
// name them by their places in it:
//
//   names_       -> holder -> line, set aside  open requests, oldest first
//   keys_        -> open request               by container and request_id
//   ids_         -> newest namesake -> older   by request_id alone
//   tickets_     -> open request               in flight ones
//   undelivered_ -> open request               by number, with its event
//
// No operation's cost grows with the number of open requests. Containers may
// all use the same ids: a newer namesake takes the older one's place in the
// index, and a namesake leaves the middle of their list in one step. An open
// request that is cited keeps its place in the line. Only when somebody looks
// for the oldest live one and finds an open request in flight before it, that
// one is set aside, once a flight; if it comes back it was the oldest of all
// but a few that came back like it.
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
// others catch up after a time when none was.
constexpr std::size_t swept_per_announcement = 4;

// What may be saved for the moment when room is short. Some 50 us.
constexpr std::size_t swept_at_once_max = 1024;

} // namespace

// -- looking up ---------------------------------------------------------------

std::uint32_t
open_request_store::hash_of(std::string_view text) const noexcept {
  return static_cast<std::uint32_t>(hash_(text));
}

// Unequal roles, so that ("a", "b") and ("b", "a") differ.
std::uint32_t
open_request_store::key_hash(slot_link owner,
                             std::uint32_t id_hash) const noexcept {
  return holders_[owner].hash * 0x9e3779b1U ^ id_hash;
}

slot_link open_request_store::find_holder(std::string_view container,
                                          std::uint32_t hash) const {
  return names_.find(
      hash, [&](slot_link at) { return holders_[at].name == container; });
}

slot_link open_request_store::find(slot_link owner, std::string_view request_id,
                                   std::uint32_t id_hash) const {
  return keys_.find(key_hash(owner, id_hash), [&](slot_link at) {
    const auto& x = requests_[at];
    return x.owner == owner && x.request_id() == request_id;
  });
}

slot_link open_request_store::find_newest(std::string_view request_id,
                                          std::uint32_t id_hash) const {
  return ids_.find(id_hash, [&](slot_link at) {
    return requests_[at].request_id() == request_id;
  });
}

slot_link open_request_store::find(std::string_view container,
                                   std::string_view request_id) const {
  auto owner = find_holder(container, hash_of(container));
  return owner == no_slot ? no_slot
                          : find(owner, request_id, hash_of(request_id));
}

// The place is right unless the open requests were moved together since. Then
// all of the container are searched: as many as it may have, and rarely.
slot_link open_request_store::find(std::string_view container,
                                   const request_ref& x) const {
  if (x.generation == 0)
    return no_slot;
  if (requests_.has(x.place) && requests_[x.place].number == x.generation)
    return container_of(requests_[x.place]) == container ? x.place : no_slot;
  const auto owner = find_holder(container, hash_of(container));
  if (owner == no_slot)
    return no_slot;
  for (const auto* list : {&holders_[owner].line, &holders_[owner].set_aside})
    for (auto at = list->newest; at != no_slot; at = requests_[at].older)
      if (requests_[at].number == x.generation)
        return at;
  return no_slot;
}

slot_link open_request_store::find(ticket id) const {
  auto x = tickets_.find(id);
  return x == tickets_.end() ? no_slot : x->second;
}

slot_link open_request_store::newest_live(std::string_view request_id) const {
  auto at = find_newest(request_id, hash_of(request_id));
  while (at != no_slot && requests_[at].in_flight())
    at = requests_[at].older_namesake;
  return at;
}

// -- announcing and evicting --------------------------------------------------

std::size_t open_request_store::announce(std::string_view container,
                                         std::string_view request_id,
                                         std::string_view target,
                                         undelivered_event_ptr event) {
  // With many containers nothing of this is in the processor's cache: ask for
  // all of it before the first is needed.
  auto id_hash = hash_of(request_id);
  ids_.prefetch(id_hash);
  ++last_number_;
  last_bound_ = {};
  auto owner = hold(container);
  if (owner == no_slot) { // so it has no older block either
    ++without_memory_;
    ++evicted_;
    return 1;
  }
  keys_.prefetch(key_hash(owner, id_hash));
  requests_.prefetch(holders_[owner].line.oldest);
  requests_.prefetch(holders_[owner].line.newest);
  sweep(swept_per_announcement);
  saved_sweeps_ =
      std::min(saved_sweeps_ + swept_per_announcement, swept_at_once_max);
  requests_.prefetch(ids_.find(id_hash, [](slot_link) { return true; }));
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
  auto& line = owner.line;
  while (line.oldest != no_slot && requests_[line.oldest].in_flight()) {
    auto at = line.oldest;
    line.remove(requests_, at);
    owner.set_aside.insert_from_newest(requests_, at);
    requests_[at].is_set_aside = true;
  }
  return line.oldest != no_slot ? line.oldest : owner.set_aside.oldest;
}

// -- adding and removing ------------------------------------------------------

// no_slot: memory was denied, and nothing has changed.
slot_link open_request_store::hold(std::string_view container) {
  auto hash = hash_of(container);
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
    ids_.reserve_one();
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
  x.id_hash = id_hash;
  x.number = last_number_;
  last_bound_ = {{last_number_, at}, owner};
  x.owner = owner;
  auto& y = holders_[owner];
  auto bytes = charge_of(x) + event_bytes;
  ++y.count;
  y.bytes += bytes;
  bytes_ += bytes;
  y.line.insert_from_newest(requests_, at);
  keys_.insert(key_hash(owner, id_hash), at);
  add_namesake(at);
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
  remove_namesake(x, at);
  keys_.erase(key_hash(x.owner, x.id_hash), at);
  (x.is_set_aside ? owner.set_aside : owner.line).remove(requests_, at);
  if (x.in_flight())
    tickets_.erase(x.ticket);
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
  for (auto* list : {&holders_[owner].line, &holders_[owner].set_aside})
    while (list->oldest != no_slot)
      take_out(list->oldest);
  remove_if_empty(owner);
  return live - (size() - in_flight());
}

void open_request_store::add_namesake(slot_link at) {
  auto& x = requests_[at];
  x.older_namesake = find_newest(x.request_id(), x.id_hash);
  if (x.older_namesake == no_slot)
    return ids_.insert(x.id_hash, at);
  requests_[x.older_namesake].newer_namesake = at;
  ids_.replace(x.id_hash, x.older_namesake, at);
}

void open_request_store::remove_namesake(const open_request& x, slot_link at) {
  if (x.older_namesake != no_slot)
    requests_[x.older_namesake].newer_namesake = x.newer_namesake;
  if (x.newer_namesake != no_slot)
    requests_[x.newer_namesake].older_namesake = x.older_namesake;
  else if (x.older_namesake != no_slot)
    ids_.replace(x.id_hash, at, x.older_namesake);
  else
    ids_.erase(x.id_hash, at);
}

// -- verdicts -----------------------------------------------------------------

open_request_store::ticket open_request_store::launch(slot_link at) {
  tickets_.emplace(last_ticket_ + 1, at);
  return requests_[at].ticket = ++last_ticket_;
}

void open_request_store::land(slot_link at) {
  auto& x = requests_[at];
  tickets_.erase(std::exchange(x.ticket, 0));
  if (!std::exchange(x.is_set_aside, false))
    return;
  auto& owner = holders_[x.owner];
  owner.set_aside.remove(requests_, at);
  owner.line.insert_from_oldest(requests_, at);
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
  requests_.for_each([&](open_request& x) {
    for (auto* at : {&x.older, &x.newer, &x.older_namesake, &x.newer_namesake})
      follow(*at);
  });
  holders_.for_each([&](holder& x) {
    for (auto* list : {&x.line, &x.set_aside}) {
      follow(list->oldest);
      follow(list->newest);
    }
  });
  for (auto& [id, at] : tickets_)
    follow(at);
  keys_.follow(moved);
  ids_.follow(moved);
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
