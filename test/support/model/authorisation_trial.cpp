#include "test/support/model/authorisation_model.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

namespace clearance::test {

namespace {

using protocol::authorisation_limits;
using protocol::authorisation_map;
using protocol::verdict_outcome;

// Small limits, so that they are reached again and again.
constexpr std::size_t containers = 4;
constexpr std::size_t ids = 8;
constexpr std::size_t targets = 3;

authorisation_limits bounds_of(authorisation_trial::mode how) {
  authorisation_limits x{.per_container = 6, .total = 14};
  if (how != authorisation_trial::mode::no_byte_bound) {
    x.per_container_bytes = 2000;
    x.total_bytes = 5000;
  }
  return x;
}

void require(bool same, const char* what) {
  if (!same)
    throw std::logic_error(std::string{"map and model differ: "} + what);
}

std::string container_name(std::size_t i) {
  return std::string(i, 'c'); // the first one's is empty
}

std::string target_name(std::size_t i) {
  return std::string(i * 40, 't');
}

template <class T>
void push_bounded(std::vector<T>& xs, T x) {
  constexpr std::size_t kept = 24;
  if (xs.size() == kept)
    xs.erase(xs.begin());
  xs.push_back(std::move(x));
}

} // namespace

authorisation_trial::authorisation_trial(mode how)
    : mode_(how), bounds_(bounds_of(how)), map_(bounds_), model_(bounds_) {
  // nop
}

void authorisation_trial::step(const chooser& choose) {
  auto n = choose(32);
  if (n < 14)
    announce(choose);
  else if (n < 21)
    cite(choose);
  else if (n < 26)
    settle(choose);
  else if (n < 28)
    replay(choose);
  else if (n < 31)
    hand(choose);
  else
    drop(container_name(choose(containers)));
  compare();
}

// More blocks than the map looks ahead.
void authorisation_trial::foresee(const chooser& choose) {
  while (coming_.size() < 10) {
    auto& k = keys_.emplace_back(container_name(choose(containers)),
                                 std::to_string(choose(ids)));
    if (choose(64) == 0)
      k.second.clear();
    coming_.emplace_back(k.first, k.second);
  }
  map_.look_ahead(coming_);
}

void authorisation_trial::announce(const chooser& choose) {
  foresee(choose);
  const auto k = keys_.front();
  auto target = target_name(choose(targets));
  test_event_ptr event;
  if (auto size = choose(8); size > 0)
    event = make_event(size == 7 ? choose(2000) : size * 60);
  auto victims = map_.announce(coming_.front(), target, event);
  keys_.pop_front();
  coming_.erase(coming_.begin());
  if (exact())
    require(victims == model_.announce(k, target, event), "victims");
  if (event != nullptr)
    push_bounded(events_, event);
}

void authorisation_trial::cite(const chooser& choose) {
  authorisation_model::key k{container_name(choose(containers)),
                             std::to_string(choose(ids))};
  auto dest = target_name(choose(targets));
  auto action = std::array{"allow", "deny", "Allow"}.at(
      std::array<std::size_t, 8>{0, 0, 0, 0, 1, 1, 1, 2}.at(choose(8)));
  auto result = map_.cite(k.first, k.second, dest, action);
  auto* cited = std::get_if<authorisation_map::cited>(&result);
  if (cited != nullptr) {
    require(to_string(cited->call.action) == std::string_view{action}
                && cited->call.container == k.first && cited->call.dest == dest,
            "the call");
    for (auto other : tickets_)
      require(other != cited->id, "a ticket given twice");
    push_bounded(tickets_, cited->id);
  }
  if (!exact())
    return;
  auto refusal = model_.refusal(k, dest, action);
  require(refusal.has_value() == (cited == nullptr), "whether cited");
  if (cited != nullptr)
    model_.launch(k, cited->id);
  else
    require(*refusal == std::get<verdict_outcome>(result), "the refusal");
}

/// Also tickets of open requests that are gone for long.
void authorisation_trial::settle(const chooser& choose) {
  auto id = tickets_.empty() ? 0 : tickets_[choose(tickets_.size())];
  auto ok = choose(3) == 0;
  map_.settle(id, ok);
  model_.settle(id, ok);
}

void authorisation_trial::replay(const chooser& choose) {
  auto until = choose(4) == 0 ? map_.sequence() - choose(map_.sequence() + 1)
                              : map_.sequence();
  auto max = choose(5);
  auto max_bytes =
      choose(4) == 0 ? choose(40) + 1 : std::numeric_limits<std::size_t>::max();
  std::vector<protocol::undelivered_event_ptr> all;
  std::uint64_t cursor = 0;
  for (bool done = false; !done && max > 0;) {
    auto x = map_.next_page(cursor, until, max, max_bytes);
    require(x.events.size() <= max, "how many were replay_page");
    std::size_t bytes = 0;
    for (const auto& y : x.events) {
      require(bytes < max_bytes, "how many bytes were replay_page");
      bytes += y->bytes();
    }
    require(x.done || x.events.size() == max || bytes >= max_bytes,
            "a replay that is not done");
    require(x.done || x.cursor > cursor, "the cursor");
    all.insert(all.end(), x.events.begin(), x.events.end());
    cursor = x.cursor;
    done = x.done;
  }
  for (const auto& x : all)
    require(!x->handed(), "replay_page though it was handed");
  if (!exact())
    return;
  auto waiting = model_.waiting(0, until);
  require(map_.next_page(0, until, 0, 1).done == waiting.empty(),
          "whether done");
  if (max > 0)
    require(std::equal(all.begin(), all.end(), waiting.begin(), waiting.end()),
            "what was replay_page");
}

void authorisation_trial::hand(const chooser& choose) {
  if (mode_ != mode::never_handed && !events_.empty())
    events_[choose(events_.size())]->hand();
}

void authorisation_trial::drop(const std::string& container) {
  auto live = map_.drop(container);
  if (exact())
    require(live == model_.drop(container), "what was dropped");
}

void authorisation_trial::compare() const {
  require(map_.live() + map_.in_flight() <= bounds_.total, "the total bound");
  require(map_.bytes() <= bounds_.total_bytes, "the bound of all bytes");
  if (!exact())
    return;
  require(map_.live() == model_.live(), "live");
  require(map_.in_flight() == model_.in_flight(), "in flight");
  require(map_.containers() == model_.containers(), "containers");
  require(map_.sequence() == model_.sequence, "sequence");
  require(map_.evicted() == model_.evicted, "evicted");
  require(map_.bytes() >= model_.least_bytes(), "bytes, too few");
  require(map_.bytes() <= model_.most_bytes(), "bytes, too many");
}

void authorisation_trial::finish() {
  for (std::size_t i = 0; i < containers; ++i)
    drop(container_name(i));
  require(map_.live() == 0 && map_.in_flight() == 0, "open requests are left");
  require(map_.containers() == 0, "containers are left");
  require(map_.bytes() == 0, "bytes are left");
  require(map_.next_page(0, map_.sequence(), 1, 1).done, "events are left");
  for (const auto& x : events_)
    require(x.use_count() == 1, "a event is kept");
}

} // namespace clearance::test
