#include "protocol/hub/authorisation.hpp"

#include "protocol/hub/open_request_store.hpp"

#include <algorithm>
#include <utility>

// The rules; what is found where is in open_request_store.cpp.
//
// At a bound the container that announces gives up its own oldest open request
// and never another's: nobody can push out anybody. None goes in vain: where
// all that the container has would not make the room, the new open request is
// the one that gets none. Live ones go before those in flight, which are the
// only place that a failed verdict can come back to; the verdict of one that
// had to go settles nothing.
//
// A ticket whose open request was replaced, dropped or evicted is found no
// more: that alone makes a late settle() harmless.
//
// Clients are handed events behind our back; we find out by asking. Each
// announcement asks a few, in turn, and one that finds no room asks as many
// more as those before it could have asked. So a bound holds at once, a event
// that was handed is charged and kept a little longer than it must be, and an
// announcement's cost does not grow with the map. A draw asks the oldest ones,
// so that a map whose blocks were all replayed is free of events even if no
// announcement follows.

namespace clearance::protocol {

namespace {

// Asked by each announcement: one would do where every event is handed, the
// others catch up after a time when none was.
constexpr std::size_t swept_per_announcement = 4;

// What may be saved for the moment when room is short. Some 50 us.
constexpr std::size_t swept_at_once_max = 1024;

// Asked by each draw, of the oldest: those that the client was given before.
// A few times as many as a draw takes, or a replay would not leave the map
// empty of events.
constexpr std::size_t swept_per_page = 4 * limits::subscriber_batch_max_events;

verdict_outcome refused(verdict_outcome::kind why, std::string_view field) {
  return {why, {std::string{field}}};
}

} // namespace

struct authorisation_map::impl {
  explicit impl(authorisation_limits bounds) : store(bounds) {
    // nop
  }

  std::size_t make_room(holder& owner, std::size_t bytes);

  open_request_store store;
  std::size_t saved_sweeps = 0;
  std::uint64_t sequence = 0;
  std::uint64_t evicted = 0;
};

std::size_t authorisation_map::impl::make_room(holder& owner,
                                               std::size_t bytes) {
  if (!store.fits(owner, bytes))
    store.sweep(std::exchange(saved_sweeps, 0));
  if (!store.could_fit(owner, bytes))
    return 0;
  std::size_t victims = 0;
  for (; !store.fits(owner, bytes); ++victims)
    store.remove(store.oldest(owner));
  return victims;
}

authorisation_map::authorisation_map(authorisation_limits limits)
    : impl_(std::make_unique<impl>(limits)) {
  // nop
}

authorisation_map::~authorisation_map() = default;

std::size_t authorisation_map::announce(std::string_view container,
                                        std::string_view request_id,
                                        std::string_view target,
                                        undelivered_event_ptr event) {
  if (request_id.empty())
    return 0;
  auto& store = impl_->store;
  store.sweep(swept_per_announcement);
  impl_->saved_sweeps =
      std::min(impl_->saved_sweeps + swept_per_announcement, swept_at_once_max);
  auto x = std::make_unique<open_request>();
  x->texts.reserve(request_id.size() + target.size());
  x->texts.append(request_id).append(target);
  x->id_size = request_id.size();
  x->number = ++impl_->sequence;
  x->bytes = open_request_store::overhead_bytes + container.size()
             + request_id.size() + target.size();
  if (event != nullptr && !event->handed()) {
    x->event_bytes = event->bytes();
    x->undelivered = std::move(event);
  }
  auto& owner = store.hold(container);
  // The older block of this id is over, room or no room: its target must not
  // be approved under an id that means another one now.
  if (auto* older = store.find(owner, request_id))
    store.remove(*older);
  auto bytes = x->bytes + x->event_bytes;
  auto victims = impl_->make_room(owner, bytes);
  if (store.fits(owner, bytes))
    store.add(owner, std::move(x));
  else
    ++victims;
  store.remove_if_empty(owner);
  impl_->evicted += victims;
  return victims;
}

std::size_t authorisation_map::drop(std::string_view container) {
  auto* owner = impl_->store.find(container);
  if (owner == nullptr)
    return 0;
  auto before = live();
  impl_->store.remove_all(*owner);
  impl_->store.remove_if_empty(*owner);
  return before - live();
}

// The order of the checks is that of clearance.md, section 5. An id of this
// container that is in flight is unknown, not a mismatch, even while another
// container has it live: the caller named the right container, a second time.
std::variant<authorisation_map::cited, verdict_outcome>
authorisation_map::cite(std::string_view container, std::string_view request_id,
                        std::string_view dest, std::string_view action) {
  using kind = verdict_outcome::kind;
  auto what = parse_action(action);
  if (!what)
    return refused(kind::invalid_action, action);
  auto mismatch = [&](const open_request& x) {
    return verdict_outcome{kind::verdict_tuple_mismatch,
                           {x.owner->name, std::string{x.target()},
                            std::string{container}, std::string{dest}}};
  };
  auto& store = impl_->store;
  const auto* owner = store.find(container);
  auto* x = owner == nullptr ? nullptr : store.find(*owner, request_id);
  if (x == nullptr) {
    if (const auto* other = store.newest_live(request_id))
      return mismatch(*other);
    return refused(kind::unknown_request, request_id);
  }
  if (x->in_flight())
    return refused(kind::unknown_request, request_id);
  if (x->target() != dest)
    return mismatch(*x);
  auto id = store.launch(*x);
  return cited{id, {*what, owner->name, std::string{x->target()}}};
}

void authorisation_map::settle(ticket id, bool ok) {
  auto& store = impl_->store;
  auto* x = store.find(id);
  if (x == nullptr)
    return;
  if (!ok)
    return store.land(*x);
  auto& owner = *x->owner;
  store.remove(*x);
  store.remove_if_empty(owner);
}

std::uint64_t authorisation_map::sequence() const noexcept {
  return impl_->sequence;
}

authorisation_map::page authorisation_map::next_page(std::uint64_t cursor,
                                                     std::uint64_t until,
                                                     std::size_t max,
                                                     std::size_t max_bytes) {
  impl_->store.sweep_oldest(swept_per_page);
  page result{{}, cursor, true};
  std::size_t bytes = 0;
  impl_->store.undelivered().walk_after(cursor, [&](const open_request& x) {
    if (x.number > until)
      return false;
    if (x.in_flight() || x.undelivered->handed())
      return true;
    if (result.events.size() == max || bytes >= max_bytes) {
      result.done = false;
      return false;
    }
    result.events.push_back(x.undelivered);
    result.cursor = x.number;
    bytes += x.undelivered->bytes();
    return true;
  });
  return result;
}

std::size_t authorisation_map::live() const noexcept {
  return impl_->store.size() - impl_->store.in_flight();
}

std::size_t authorisation_map::in_flight() const noexcept {
  return impl_->store.in_flight();
}

std::size_t authorisation_map::containers() const noexcept {
  return impl_->store.holders();
}

std::size_t authorisation_map::bytes() const noexcept {
  return impl_->store.bytes();
}

std::uint64_t authorisation_map::evicted() const noexcept {
  return impl_->evicted;
}

} // namespace clearance::protocol
