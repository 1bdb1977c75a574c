#include "protocol/hub/authorisation.hpp"

#include "protocol/hub/open_request_store.hpp"

#include <utility>

// The rules of verdicts. Which open requests there are, and which have to go,
// is open_request_store.cpp's.
//
// A ticket whose open request was replaced, dropped or evicted is found no
// more: that alone makes a late settle() harmless.

namespace clearance::protocol {

namespace {

// Asked by each page, of the oldest events: those that the client was given
// before. A few times as many as a page takes, or a replay would not leave the
// map empty of events, even if no announcement follows.
constexpr std::size_t swept_per_page = 4 * limits::subscriber_batch_max_events;

verdict_outcome refused(verdict_outcome::kind why, std::string_view field) {
  return {why, {std::string{field}}};
}

} // namespace

struct authorisation_map::impl {
  explicit impl(authorisation_limits bounds) : store(bounds) {
    // nop
  }

  // The copies come first: if memory is denied, nothing is in flight.
  cited launch(slot_link at, action what) {
    const auto& x = store[at];
    cited result{0,
                 {what, store.container_of(x), std::string{x.target()}},
                 {x.number, at},
                 std::string{x.request_id()}};
    result.id = store.launch(at);
    return result;
  }

  open_request_store store;
};

authorisation_map::authorisation_map(authorisation_limits limits)
    : impl_(std::make_unique<impl>(limits)) {
  // nop
}

authorisation_map::~authorisation_map() = default;

std::size_t authorisation_map::announce(std::string_view container,
                                        std::string_view request_id,
                                        std::string_view target,
                                        undelivered_event_ptr event) {
  coming_block x{container, request_id};
  return announce(x, target, std::move(event));
}

std::size_t authorisation_map::announce(coming_block& x,
                                        std::string_view target,
                                        undelivered_event_ptr event) {
  if (x.request_id().empty()) {
    impl_->store.announced_nothing();
    return 0;
  }
  return impl_->store.announce(x, target, std::move(event));
}

void authorisation_map::look_ahead(
    std::span<coming_block> next) const noexcept {
  impl_->store.look_ahead(next);
}

std::size_t authorisation_map::drop(std::string_view container) {
  return impl_->store.drop(container);
}

// The order of the checks is that of clearance.md, section 5. An id of this
// container that is in flight is unknown, not a mismatch, even while another
// container has it live: the caller named the right container, a second time.
std::variant<authorisation_map::cited, verdict_outcome>
authorisation_map::cite(std::string_view container, std::string_view request_id,
                        std::string_view dest, std::string_view action) {
  using kind = verdict_outcome::kind;
  auto& store = impl_->store;
  auto what = parse_action(action);
  if (!what)
    return refused(kind::invalid_action, action);
  auto mismatch = [&](const open_request& x) {
    return verdict_outcome{kind::verdict_tuple_mismatch,
                           {store.container_of(x), std::string{x.target()},
                            std::string{container}, std::string{dest}}};
  };
  const auto at = store.find(container, request_id);
  if (at == no_slot) {
    if (auto other = store.newest_live(request_id); other != no_slot)
      return mismatch(store[other]);
    return refused(kind::unknown_request, request_id);
  }
  const auto& x = store[at];
  if (x.in_flight())
    return refused(kind::unknown_request, request_id);
  if (x.target() != dest)
    return mismatch(x);
  return impl_->launch(at, *what);
}

std::variant<authorisation_map::cited, authorisation_map::uncitable>
authorisation_map::cite(std::string_view container, const request_ref& request,
                        action what) {
  auto& store = impl_->store;
  const auto at = store.find(container, request);
  if (at == no_slot)
    return uncitable::gone;
  if (store[at].in_flight())
    return uncitable::in_flight;
  return impl_->launch(at, what);
}

std::optional<std::string>
authorisation_map::close(std::string_view container,
                         const request_ref& request) {
  auto& store = impl_->store;
  const auto at = store.find(container, request);
  if (at == no_slot || store[at].in_flight())
    return std::nullopt;
  std::string result{store[at].request_id()};
  store.remove(at);
  return result;
}

bound_request authorisation_map::last_bound() const noexcept {
  return impl_->store.last_bound();
}

void authorisation_map::watch_evictions(std::function<void(std::uint64_t)> f) {
  impl_->store.watch_evictions(std::move(f));
}

void authorisation_map::settle(ticket id, bool ok) {
  const auto at = impl_->store.find(id);
  if (at == no_slot)
    return;
  if (ok)
    impl_->store.remove(at);
  else
    impl_->store.land(at);
}

bool authorisation_map::is_in_flight(ticket id) const {
  return impl_->store.find(id) != no_slot;
}

std::uint64_t authorisation_map::sequence() const noexcept {
  return impl_->store.last_number();
}

authorisation_map::page authorisation_map::next_page(std::uint64_t cursor,
                                                     std::uint64_t until,
                                                     std::size_t max,
                                                     std::size_t max_bytes) {
  impl_->store.sweep_oldest(swept_per_page);
  page result{{}, cursor, true};
  std::size_t bytes = 0;
  auto take = [&](const open_request& x, const undelivered_event_ptr& event) {
    if (x.number > until)
      return false;
    if (x.in_flight() || event->handed())
      return true;
    if (result.events.size() == max || bytes >= max_bytes) {
      result.done = false;
      return false;
    }
    result.events.push_back(event);
    result.cursor = x.number;
    bytes += event->bytes();
    return true;
  };
  impl_->store.walk_undelivered_after(cursor, take);
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
  return impl_->store.evicted();
}

std::uint64_t authorisation_map::without_memory() const noexcept {
  return impl_->store.without_memory();
}

} // namespace clearance::protocol
