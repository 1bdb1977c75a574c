#include "test/support/model/authorisation_model.hpp"

#include <algorithm>
#include <set>

namespace clearance::test {

namespace {

using protocol::verdict_outcome;
using kind = verdict_outcome::kind;

/// Bytes that the map charges for each entry beside its texts and its event.
std::size_t measured_overhead() {
  protocol::authorisation_map map;
  map.announce("c", "r", "", nullptr);
  return map.bytes() - 2;
}

bool is_undelivered(const authorisation_model::entry& x) {
  return x.event != nullptr && !x.event->handed();
}

} // namespace

authorisation_model::authorisation_model(protocol::authorisation_limits bounds)
    : bounds_(bounds), overhead_(measured_overhead()) {
  // nop
}

bool authorisation_model::fits(const key& k, const entry& x, bool alone) const {
  std::size_t own = 1;
  std::size_t own_bytes = x.charge + (x.event ? x.event->bytes() : 0);
  std::size_t all = own;
  std::size_t all_bytes = own_bytes;
  for (const auto& [other, y] : entries_) {
    bool mine = other.first == k.first;
    if (mine && alone)
      continue;
    auto bytes = y.charge + (y.event ? y.event->bytes() : 0);
    own += mine ? 1 : 0;
    own_bytes += mine ? bytes : 0;
    ++all;
    all_bytes += bytes;
  }
  return own <= bounds_.per_container && all <= bounds_.total
         && own_bytes <= bounds_.per_container_bytes
         && all_bytes <= bounds_.total_bytes;
}

/// The oldest open request whose verdict is not in flight. If there is none,
/// the oldest.
authorisation_model::key
authorisation_model::victim(const std::string& container) const {
  const std::pair<const key, entry>* chosen = nullptr;
  auto rank = [](const entry& x) { return std::pair{x.ticket != 0, x.number}; };
  for (const auto& x : entries_)
    if (x.first.first == container
        && (chosen == nullptr || rank(x.second) < rank(chosen->second)))
      chosen = &x;
  return chosen->first;
}

std::size_t authorisation_model::announce(const key& k,
                                          const std::string& target,
                                          test_event_ptr event) {
  if (k.second.empty())
    return 0;
  entry x;
  x.target = target;
  x.number = ++sequence;
  x.charge = overhead_ + k.first.size() + k.second.size() + target.size();
  x.event = std::move(event);
  entries_.erase(k);
  std::size_t victims = 0;
  if (!fits(k, x, true)) {
    ++evicted;
    return 1;
  }
  for (; !fits(k, x, false); ++victims)
    entries_.erase(victim(k.first));
  entries_[k] = x;
  evicted += victims;
  return victims;
}

std::size_t authorisation_model::drop(const std::string& container) {
  auto before = live();
  std::erase_if(entries_,
                [&](const auto& x) { return x.first.first == container; });
  return before - live();
}

// The checks are in the order of clearance.md, section 5.
std::optional<verdict_outcome>
authorisation_model::refusal(const key& k, const std::string& dest,
                             const std::string& action) {
  if (action != "allow" && action != "deny")
    return verdict_outcome{kind::invalid_action, {action}};
  auto unknown = verdict_outcome{kind::unknown_request, {k.second}};
  auto mismatch = [&](const std::string& container, const entry& x) {
    return verdict_outcome{kind::verdict_tuple_mismatch,
                           {container, x.target, k.first, dest}};
  };
  if (auto at = entries_.find(k); at != entries_.end()) {
    if (at->second.ticket != 0)
      return unknown;
    if (at->second.target != dest)
      return mismatch(k.first, at->second);
    return std::nullopt;
  }
  const std::pair<const key, entry>* newest = nullptr;
  for (const auto& x : entries_)
    if (x.first.second == k.second && x.second.ticket == 0
        && (newest == nullptr || x.second.number > newest->second.number))
      newest = &x;
  return newest == nullptr ? unknown
                           : mismatch(newest->first.first, newest->second);
}

void authorisation_model::launch(const key& k, std::uint64_t ticket) {
  entries_.at(k).ticket = ticket;
}

void authorisation_model::settle(std::uint64_t ticket, bool ok) {
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (ticket == 0 || at->second.ticket != ticket)
      continue;
    at->second.ticket = 0;
    if (ok)
      entries_.erase(at);
    return;
  }
}

bool authorisation_model::is_in_flight(std::uint64_t ticket) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const auto& x) { return x.second.ticket == ticket; });
}

const authorisation_model::entry*
authorisation_model::find(const key& k) const {
  const auto at = entries_.find(k);
  return at == entries_.end() ? nullptr : &at->second;
}

std::vector<test_event_ptr>
authorisation_model::waiting(std::uint64_t cursor, std::uint64_t until) const {
  std::map<std::uint64_t, test_event_ptr> by_number;
  for (const auto& [k, x] : entries_)
    if (x.ticket == 0 && is_undelivered(x) && cursor < x.number
        && x.number <= until)
      by_number[x.number] = x.event;
  std::vector<test_event_ptr> result;
  for (const auto& [number, event] : by_number)
    result.push_back(event);
  return result;
}

std::size_t authorisation_model::live() const {
  return entries_.size() - in_flight();
}

std::size_t authorisation_model::in_flight() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [](const auto& x) { return x.second.ticket != 0; }));
}

std::size_t authorisation_model::containers() const {
  std::set<std::string> names;
  for (const auto& [k, x] : entries_)
    names.insert(k.first);
  return names.size();
}

std::size_t authorisation_model::most_bytes() const {
  std::size_t result = 0;
  for (const auto& [k, x] : entries_)
    result += x.charge + (x.event ? x.event->bytes() : 0);
  return result;
}

std::size_t authorisation_model::least_bytes() const {
  std::size_t result = 0;
  for (const auto& [k, x] : entries_)
    result += x.charge + (is_undelivered(x) ? x.event->bytes() : 0);
  return result;
}

} // namespace clearance::test
