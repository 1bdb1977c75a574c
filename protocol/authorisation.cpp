#include "protocol/authorisation.hpp"

#include "protocol/binding.hpp"
#include "protocol/chained_index.hpp"

#include <algorithm>
#include <functional>
#include <unordered_map>

// The map is one heap object for each binding, found and ordered by links:
//
//   holders ──> holder ──> live, in flight    its bindings, oldest first
//   keys    ──> binding                       by container and request_id
//   ids     ──> newest namesake ──> older     by request_id alone
//   unhanded ─> binding ...                   by number, for draw()
//   tickets ──> binding                       in flight ones, for settle()
//
// An announcement therefore costs the object and its text, whatever the number
// of bindings. A ticket whose binding was replaced, dropped or evicted is no
// longer in `tickets`: that alone makes a late settle() harmless.
//
// A client takes a parcel without telling us; we find out by asking. Each
// change asks a few, in turn, and one that finds no room asks more, as many as
// the changes before it left unasked: the bound holds at once, what a parcel
// that was handed is still charged is given back a little later, and no
// operation's cost grows with the map.

namespace clearance::protocol {

namespace {

// Slots of the log looked at by each change: two would do to keep up with as
// many new parcels as changes, four halve what waits to be noticed.
constexpr std::size_t swept_per_change = 4;

// What may be saved up for when room is short. About 50 us.
constexpr std::size_t swept_at_once_max = 1024;

// The object, its allocations' heads, and its share in the indexes.
constexpr std::size_t binding_overhead_bytes = sizeof(binding) + 80;

std::size_t hash_of(std::string_view text) noexcept {
  return std::hash<std::string_view>{}(text);
}

std::size_t key_hash(std::size_t container, std::size_t id) noexcept {
  // Unequal roles, so that ("a", "b") and ("b", "a") differ.
  return id ^ (container * 0x9e3779b97f4a7c15U + (container >> 31U));
}

struct holder_hook {
  static holder*& next(holder& x) noexcept { return x.chain; }
  static std::size_t hash(const holder& x) noexcept { return x.hash; }
};

struct key_hook {
  static binding*& next(binding& x) noexcept { return x.key_chain; }
  static std::size_t hash(const binding& x) noexcept {
    return key_hash(x.owner->hash, x.id_hash);
  }
};

struct id_hook {
  static binding*& next(binding& x) noexcept { return x.id_chain; }
  static std::size_t hash(const binding& x) noexcept { return x.id_hash; }
};

verdict_outcome refused(verdict_outcome::kind why, std::string_view field) {
  return {why, {std::string{field}}};
}

} // namespace

struct authorisation_map::impl {
  explicit impl(authorisation_limits x) : bounds(x) {
    // nop
  }

  ~impl() {
    while (auto* x = holders.any())
      drop(*x);
  }

  holder* find_holder(std::string_view name, std::size_t hash) const;
  holder& get_holder(std::string_view name, std::size_t hash);
  binding* find(const holder& owner, std::string_view id,
                std::size_t id_hash) const;
  const binding* newest_live_namesake(std::string_view id,
                                      std::size_t id_hash) const;

  bool fits(const holder& owner, std::size_t cost) const noexcept;
  bool could_fit(const holder& owner, std::size_t cost) const noexcept;
  std::size_t make_room(holder& owner, std::size_t cost);
  void insert(holder& owner, std::unique_ptr<binding> x);
  void remove(binding& x);
  void release_if_empty(holder& x);
  void drop(holder& x);

  void add_namesake(binding& x);
  void remove_namesake(binding& x);

  void sweep(std::size_t slots);
  void release_parcel(binding& x);

  authorisation_limits bounds;
  chained_index<holder, holder_hook> holders;
  chained_index<binding, key_hook> keys;
  chained_index<binding, id_hook> ids; // the newest of each id
  std::unordered_map<ticket, binding*> tickets;
  unhanded_log unhanded;
  std::size_t bytes = 0;
  std::size_t saved_sweeps = 0;
  std::uint64_t sequence = 0;
  ticket last_ticket = 0;
  std::uint64_t evicted = 0;
};

holder* authorisation_map::impl::find_holder(std::string_view name,
                                             std::size_t hash) const {
  return holders.find(hash, [=](const holder& x) { return x.name == name; });
}

holder& authorisation_map::impl::get_holder(std::string_view name,
                                            std::size_t hash) {
  if (auto* x = find_holder(name, hash))
    return *x;
  auto x = std::make_unique<holder>();
  x->name = name;
  x->hash = hash;
  holders.insert(*x);
  return *x.release();
}

binding* authorisation_map::impl::find(const holder& owner, std::string_view id,
                                       std::size_t id_hash) const {
  return keys.find(key_hash(owner.hash, id_hash), [&](const binding& x) {
    return x.owner == &owner && x.request_id() == id;
  });
}

// Walks over in flight ones: as many as verdicts run, which is bounded and
// nothing that a container decides.
const binding*
authorisation_map::impl::newest_live_namesake(std::string_view id,
                                              std::size_t id_hash) const {
  const auto* x =
      ids.find(id_hash, [=](const binding& y) { return y.request_id() == id; });
  while (x != nullptr && x->in_flight())
    x = x->older_namesake;
  return x;
}

bool authorisation_map::impl::fits(const holder& owner,
                                   std::size_t cost) const noexcept {
  return owner.count < bounds.per_container && keys.size() < bounds.total
         && owner.bytes + cost <= bounds.per_container_bytes
         && bytes + cost <= bounds.total_bytes;
}

// Whether it would fit if the container had nothing else.
bool authorisation_map::impl::could_fit(const holder& owner,
                                        std::size_t cost) const noexcept {
  return bounds.per_container > 0 && keys.size() - owner.count < bounds.total
         && cost <= bounds.per_container_bytes
         && bytes - owner.bytes + cost <= bounds.total_bytes;
}

// Only the container's own bindings go, so that nobody can push out another's;
// and none of them goes in vain. Live ones go first: an in flight one is the
// only place a failed verdict can come back to.
std::size_t authorisation_map::impl::make_room(holder& owner,
                                               std::size_t cost) {
  if (!fits(owner, cost))
    sweep(std::exchange(saved_sweeps, 0));
  if (!could_fit(owner, cost))
    return 0;
  std::size_t victims = 0;
  for (; !fits(owner, cost); ++victims)
    remove(owner.live.oldest != nullptr ? *owner.live.oldest
                                        : *owner.in_flight.oldest);
  return victims;
}

void authorisation_map::impl::insert(holder& owner,
                                     std::unique_ptr<binding> x) {
  x->owner = &owner;
  ++owner.count;
  owner.bytes += x->bytes + x->parcel_bytes;
  bytes += x->bytes + x->parcel_bytes;
  owner.live.append(*x);
  keys.insert(*x);
  add_namesake(*x);
  if (x->unhanded != nullptr)
    unhanded.append(*x);
  static_cast<void>(x.release()); // its holder's list has it now
}

void authorisation_map::impl::remove(binding& x) {
  if (x.unhanded != nullptr)
    release_parcel(x);
  remove_namesake(x);
  keys.erase(x);
  keys.shrink();
  if (x.in_flight())
    tickets.erase(x.ticket);
  (x.in_flight() ? x.owner->in_flight : x.owner->live).remove(x);
  bytes -= x.bytes;
  x.owner->bytes -= x.bytes;
  --x.owner->count;
  std::unique_ptr<binding>{&x}.reset();
}

void authorisation_map::impl::release_if_empty(holder& x) {
  if (x.count > 0)
    return;
  holders.erase(x);
  holders.shrink();
  std::unique_ptr<holder>{&x}.reset();
}

void authorisation_map::impl::drop(holder& x) {
  while (x.live.oldest != nullptr)
    remove(*x.live.oldest);
  while (x.in_flight.oldest != nullptr)
    remove(*x.in_flight.oldest);
  release_if_empty(x);
}

void authorisation_map::impl::add_namesake(binding& x) {
  auto* head = ids.find(x.id_hash, [&](const binding& y) {
    return y.request_id() == x.request_id();
  });
  if (head != nullptr) {
    ids.erase(*head);
    head->newer_namesake = &x;
    x.older_namesake = head;
  }
  ids.insert(x);
}

void authorisation_map::impl::remove_namesake(binding& x) {
  if (x.older_namesake != nullptr)
    x.older_namesake->newer_namesake = x.newer_namesake;
  if (x.newer_namesake != nullptr) {
    x.newer_namesake->older_namesake = x.older_namesake;
    return;
  }
  ids.erase(x);
  if (x.older_namesake != nullptr)
    ids.insert(*x.older_namesake);
  else
    ids.shrink();
}

void authorisation_map::impl::sweep(std::size_t slots) {
  for (; slots > 0 && !unhanded.empty(); --slots)
    if (auto* x = unhanded.turn(); x != nullptr && x->unhanded->handed())
      release_parcel(*x);
}

void authorisation_map::impl::release_parcel(binding& x) {
  unhanded.remove(x);
  x.unhanded.reset();
  x.owner->bytes -= x.parcel_bytes;
  bytes -= x.parcel_bytes;
  x.parcel_bytes = 0;
}

authorisation_map::authorisation_map(authorisation_limits limits)
    : impl_(std::make_unique<impl>(limits)) {
  // nop
}

authorisation_map::~authorisation_map() = default;

std::size_t authorisation_map::announce(std::string_view container,
                                        std::string_view request_id,
                                        std::string_view target,
                                        parcel_ptr parcel) {
  if (request_id.empty())
    return 0;
  impl_->sweep(swept_per_change);
  impl_->saved_sweeps =
      std::min(impl_->saved_sweeps + swept_per_change, swept_at_once_max);
  auto x = std::make_unique<binding>();
  x->texts.reserve(request_id.size() + target.size());
  x->texts.append(request_id).append(target);
  x->id_size = request_id.size();
  x->id_hash = hash_of(request_id);
  x->number = ++impl_->sequence;
  x->bytes = binding_overhead_bytes + container.size() + x->texts.size();
  if (parcel != nullptr && !parcel->handed()) {
    x->parcel_bytes = parcel->bytes();
    x->unhanded = std::move(parcel);
  }
  auto& owner = impl_->get_holder(container, hash_of(container));
  // The older block of this id is over, room or no room: its target may not be
  // approved under an id that means another one now.
  if (auto* old = impl_->find(owner, request_id, x->id_hash))
    impl_->remove(*old);
  auto cost = x->bytes + x->parcel_bytes;
  auto victims = impl_->make_room(owner, cost);
  if (impl_->fits(owner, cost))
    impl_->insert(owner, std::move(x));
  else
    ++victims;
  impl_->release_if_empty(owner);
  impl_->evicted += victims;
  return victims;
}

std::size_t authorisation_map::drop(std::string_view container) {
  auto* x = impl_->find_holder(container, hash_of(container));
  if (x == nullptr)
    return 0;
  auto before = live();
  impl_->drop(*x);
  return before - live();
}

// The order is the contract's. An id of this container that is in flight is
// unknown, not a mismatch, even when another container has it live: the caller
// named the right container, a second time.
std::variant<authorisation_map::cited, verdict_outcome>
authorisation_map::cite(std::string_view container, std::string_view request_id,
                        std::string_view dest, std::string_view action) {
  using kind = verdict_outcome::kind;
  auto what = parse_action(action);
  if (!what)
    return refused(kind::invalid_action, action);
  auto mismatch = [&](const binding& x) {
    return verdict_outcome{kind::verdict_tuple_mismatch,
                           {x.owner->name, std::string{x.target()},
                            std::string{container}, std::string{dest}}};
  };
  auto id_hash = hash_of(request_id);
  const auto* owner = impl_->find_holder(container, hash_of(container));
  auto* x =
      owner == nullptr ? nullptr : impl_->find(*owner, request_id, id_hash);
  if (x == nullptr) {
    if (const auto* other = impl_->newest_live_namesake(request_id, id_hash))
      return mismatch(*other);
    return refused(kind::unknown_request, request_id);
  }
  if (x->in_flight())
    return refused(kind::unknown_request, request_id);
  if (x->target() != dest)
    return mismatch(*x);
  x->owner->live.remove(*x);
  x->owner->in_flight.append(*x);
  x->ticket = ++impl_->last_ticket;
  impl_->tickets.emplace(x->ticket, x);
  return cited{x->ticket, {*what, x->owner->name, std::string{x->target()}}};
}

void authorisation_map::settle(ticket id, bool ok) {
  auto at = impl_->tickets.find(id);
  if (at == impl_->tickets.end())
    return;
  auto& x = *at->second;
  auto& owner = *x.owner;
  if (ok) {
    impl_->remove(x);
    impl_->release_if_empty(owner);
    return;
  }
  impl_->tickets.erase(at);
  x.ticket = 0;
  owner.in_flight.remove(x);
  owner.live.insert_by_number(x);
}

std::uint64_t authorisation_map::sequence() const noexcept {
  return impl_->sequence;
}

authorisation_map::drawn authorisation_map::draw(std::uint64_t cursor,
                                                 std::uint64_t until,
                                                 std::size_t max) const {
  drawn result{{}, cursor, true};
  impl_->unhanded.walk_after(cursor, [&](const binding& x) {
    if (x.number > until)
      return false;
    if (x.in_flight() || x.unhanded->handed())
      return true;
    if (result.parcels.size() == max) {
      result.done = false;
      return false;
    }
    result.parcels.push_back(x.unhanded);
    result.cursor = x.number;
    return true;
  });
  return result;
}

std::size_t authorisation_map::live() const noexcept {
  return impl_->keys.size() - impl_->tickets.size();
}

std::size_t authorisation_map::in_flight() const noexcept {
  return impl_->tickets.size();
}

std::size_t authorisation_map::containers() const noexcept {
  return impl_->holders.size();
}

std::size_t authorisation_map::bytes() const noexcept {
  return impl_->bytes;
}

std::uint64_t authorisation_map::evicted() const noexcept {
  return impl_->evicted;
}

} // namespace clearance::protocol
