#include "protocol/hub/open_request_store.hpp"

#include <functional>
#include <utility>
#include <vector>

// One heap object for each open request, found and ordered by links:
//
//   holders ──> holder ──> line, set aside    its open requests, oldest first
//   keys    ──> open request                       by container and request_id
//   ids     ──> newest namesake ──> older     by request_id alone
//   undelivered ─> open request ...                   by number
//   tickets ──> open request                       in flight ones
//
// Adding one therefore costs the object and its text, and no operation's cost
// grows with their number. Containers may all use the same ids: the list of
// namesakes is entered at its newest and left in the middle in one step. A
// open request that is cited keeps its place in the line. Only when it is in
// the way of whoever asks for the oldest live one it is set aside, once a
// flight; if it comes back it was the oldest of all but a few that came back
// like it. Names and ids come from this uid's own readers, so a plain hash will
// do.

namespace clearance::protocol {

namespace {

std::size_t hash_of(std::string_view text) noexcept {
  return std::hash<std::string_view>{}(text);
}

// Unequal roles, so that ("a", "b") and ("b", "a") differ.
std::size_t hash_of(const holder& owner, std::size_t id_hash) noexcept {
  return id_hash ^ (owner.hash * 0x9e3779b97f4a7c15U);
}

} // namespace

open_request_store::~open_request_store() {
  while (auto* x = holders_.any()) {
    remove_all(*x);
    remove_if_empty(*x);
  }
}

holder* open_request_store::find(std::string_view container) const {
  return holders_.find(hash_of(container),
                       [=](const holder& x) { return x.name == container; });
}

open_request* open_request_store::find(const holder& owner,
                                       std::string_view request_id) const {
  return keys_.find(hash_of(owner, hash_of(request_id)),
                    [&](const open_request& x) {
                      return x.owner == &owner && x.request_id() == request_id;
                    });
}

open_request* open_request_store::find(ticket id) const {
  auto at = tickets_.find(id);
  return at == tickets_.end() ? nullptr : at->second;
}

const open_request*
open_request_store::newest_live(std::string_view request_id) const {
  const auto* x = newest(request_id);
  while (x != nullptr && x->in_flight())
    x = x->older_namesake;
  return x;
}

holder& open_request_store::hold(std::string_view container) {
  if (auto* x = find(container))
    return *x;
  auto x = std::make_unique<holder>();
  x->name = container;
  x->hash = hash_of(container);
  holders_.insert(*x);
  return *x.release();
}

void open_request_store::remove_if_empty(holder& x) {
  if (x.count > 0)
    return;
  holders_.erase(x);
  holders_.shrink();
  std::unique_ptr<holder>{&x}.reset();
}

bool open_request_store::fits(const holder& owner,
                              std::size_t bytes) const noexcept {
  return owner.count < bounds_.per_container && size() < bounds_.total
         && owner.bytes + bytes <= bounds_.per_container_bytes
         && bytes_ + bytes <= bounds_.total_bytes;
}

bool open_request_store::could_fit(const holder& owner,
                                   std::size_t bytes) const noexcept {
  return bounds_.per_container > 0 && size() - owner.count < bounds_.total
         && bytes <= bounds_.per_container_bytes
         && bytes_ - owner.bytes + bytes <= bounds_.total_bytes;
}

void open_request_store::add(holder& owner, std::unique_ptr<open_request> x) {
  x->owner = &owner;
  x->id_hash = hash_of(x->request_id());
  x->key_hash = hash_of(owner, x->id_hash);
  ++owner.count;
  owner.bytes += x->bytes + x->event_bytes;
  bytes_ += x->bytes + x->event_bytes;
  owner.line.insert_from_newest(*x);
  keys_.insert(*x);
  add_namesake(*x);
  if (x->undelivered != nullptr)
    undelivered_.append(*x);
  static_cast<void>(x.release()); // its holder's list has it now
}

void open_request_store::remove(open_request& x) {
  if (x.undelivered != nullptr)
    release_event(x);
  remove_namesake(x);
  keys_.erase(x);
  keys_.shrink();
  (x.is_set_aside ? x.owner->set_aside : x.owner->line).remove(x);
  if (x.in_flight())
    tickets_.erase(x.ticket);
  bytes_ -= x.bytes;
  x.owner->bytes -= x.bytes;
  --x.owner->count;
  std::unique_ptr<open_request>{&x}.reset();
}

void open_request_store::remove_all(holder& x) {
  for (auto* list : {&x.line, &x.set_aside})
    while (list->oldest != nullptr)
      remove(*list->oldest);
}

open_request& open_request_store::oldest(holder& x) {
  while (x.line.oldest != nullptr && x.line.oldest->in_flight()) {
    auto& y = *x.line.oldest;
    x.line.remove(y);
    x.set_aside.insert_from_newest(y);
    y.is_set_aside = true;
  }
  return x.line.oldest != nullptr ? *x.line.oldest : *x.set_aside.oldest;
}

open_request_store::ticket open_request_store::launch(open_request& x) {
  x.ticket = ++last_ticket_;
  tickets_.emplace(x.ticket, &x);
  return x.ticket;
}

void open_request_store::land(open_request& x) {
  tickets_.erase(std::exchange(x.ticket, 0));
  if (!std::exchange(x.is_set_aside, false))
    return;
  x.owner->set_aside.remove(x);
  x.owner->line.insert_from_oldest(x);
}

void open_request_store::sweep(std::size_t events) {
  for (; events > 0 && !undelivered_.empty(); --events)
    if (auto* x = undelivered_.turn(); x != nullptr && x->undelivered->handed())
      release_event(*x);
}

void open_request_store::sweep_oldest(std::size_t events) {
  std::vector<open_request*> handed; // letting go moves what is walked
  undelivered_.walk_after(0, [&](open_request& x) {
    if (x.undelivered->handed())
      handed.push_back(&x);
    return --events > 0;
  });
  for (auto* x : handed)
    release_event(*x);
}

open_request* open_request_store::newest(std::string_view request_id) const {
  return ids_.find(hash_of(request_id), [=](const open_request& x) {
    return x.request_id() == request_id;
  });
}

void open_request_store::add_namesake(open_request& x) {
  if (auto* head = newest(x.request_id())) {
    ids_.erase(*head);
    head->newer_namesake = &x;
    x.older_namesake = head;
  }
  ids_.insert(x);
}

void open_request_store::remove_namesake(open_request& x) {
  if (x.older_namesake != nullptr)
    x.older_namesake->newer_namesake = x.newer_namesake;
  if (x.newer_namesake != nullptr) {
    x.newer_namesake->older_namesake = x.older_namesake;
    return;
  }
  ids_.erase(x);
  if (x.older_namesake != nullptr)
    ids_.insert(*x.older_namesake);
  else
    ids_.shrink();
}

void open_request_store::release_event(open_request& x) {
  undelivered_.remove(x);
  x.undelivered.reset();
  bytes_ -= x.event_bytes;
  x.owner->bytes -= x.event_bytes;
  x.event_bytes = 0;
}

} // namespace clearance::protocol
