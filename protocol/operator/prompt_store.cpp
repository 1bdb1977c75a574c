// When there is no room, prompts are removed in this order. First the oldest
// decided or gone prompt of the container. If all containers together hold too
// much, the oldest decided or gone prompt of any container: nobody waits for
// it. Then the oldest waiting prompt of the container itself. Last, the oldest
// open requests of the prompt that grew. So a container can remove only its own
// waiting prompts.

#include "protocol/operator/prompt_store.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace clearance::protocol {

namespace {

std::size_t bytes_of(const prompt_container& x) {
  std::size_t result = sizeof x + x.name.size();
  for (const auto& [key, value] : x.dossier)
    result += 96 + key.size() + value.size();
  return result;
}

} // namespace

prompt_holder* prompt_store::find_holder(std::string_view name) {
  auto at = holders_.find(name);
  return at == holders_.end() ? nullptr : &at->second;
}

prompt_holder& prompt_store::hold(std::string_view name) {
  if (auto* known = find_holder(name))
    return *known;
  auto& result = holders_[std::string{name}];
  result.name = name;
  result.bytes = holder_overhead_bytes + 3 * name.size();
  bytes_ += result.bytes;
  return result;
}

void prompt_store::drop_if_empty(prompt_holder& x) {
  if (!x.open.empty() || !x.finished.empty() || x.is_quiet)
    return;
  bytes_ -= x.bytes;
  holders_.erase(holders_.find(x.name));
}

void prompt_store::set_facts(prompt_holder& x,
                             std::shared_ptr<const prompt_container> facts) {
  release_facts(x, std::exchange(x.facts, std::move(facts)));
  if (x.facts == nullptr)
    return;
  x.bytes += bytes_of(*x.facts);
  bytes_ += bytes_of(*x.facts);
}

// Facts that the container had before it was restarted stay charged while old
// prompts with these facts are visible.
void prompt_store::release_facts(
    prompt_holder& x, const std::shared_ptr<const prompt_container>& facts) {
  if (facts == nullptr || facts == x.facts || facts.use_count() > 1)
    return;
  x.bytes -= bytes_of(*facts);
  bytes_ -= bytes_of(*facts);
}

prompt_entry* prompt_store::find(std::uint64_t number) {
  auto at = prompts_.find(number);
  return at == prompts_.end() ? nullptr : at->second.get();
}

prompt_entry* prompt_store::next_after(std::uint64_t number) {
  auto at = prompts_.upper_bound(number);
  return at == prompts_.end() ? nullptr : at->second.get();
}

prompt_entry* prompt_store::newest_of(prompt_holder& owner,
                                      const std::string& key) {
  auto at = owner.targets.find(key);
  return at == owner.targets.end() ? nullptr : find(at->second);
}

prompt_entry& prompt_store::create(prompt_holder& owner, std::string key) {
  recent = nullptr;
  auto& slot = prompts_[++last_number_];
  slot = std::make_unique<prompt_entry>();
  slot->number = last_number_;
  slot->owner = &owner;
  slot->container = owner.facts;
  owner.targets[key] = last_number_;
  slot->key = std::move(key);
  owner.open.insert(last_number_);
  ++open_;
  return *slot;
}

void prompt_store::attach(prompt_entry& x, std::string_view id,
                          std::uint64_t generation) {
  auto& all = x.owner->requests;
  assert(all.empty() || all.back().generation < generation);
  all.push_back({generation, &x, std::string{id}});
  ++x.requests;
  x.request_bytes += request_overhead_bytes + 2 * id.size();
}

prompt_request* prompt_store::find_request(prompt_holder& owner,
                                           std::uint64_t generation) {
  auto& all = owner.requests;
  // It is nearly always the oldest one.
  auto at = all.begin();
  if (at == all.end() || at->generation < generation)
    at = std::lower_bound(all.begin(), all.end(), generation,
                          [](const prompt_request& x, std::uint64_t y) {
                            return x.generation < y;
                          });
  if (at == all.end() || at->generation != generation || at->owner == nullptr)
    return nullptr;
  return &*at;
}

const prompt_request& prompt_store::newest_request(const prompt_entry& x) {
  const auto& all = x.owner->requests;
  auto at = std::find_if(all.rbegin(), all.rend(),
                         [&](const auto& y) { return y.owner == &x; });
  assert(at != all.rend());
  return *at;
}

void prompt_store::detach(prompt_entry& x, std::uint64_t generation) {
  auto* found = find_request(*x.owner, generation);
  if (found == nullptr || found->owner != &x)
    return;
  x.request_bytes -= request_overhead_bytes + 2 * found->id.size();
  --x.requests;
  found->owner = nullptr;
  found->id = {};
  ++x.owner->ended_requests;
  drop_ended(*x.owner);
}

void prompt_store::detach_all(prompt_entry& x) {
  auto& owner = *x.owner;
  for (auto at = owner.requests.rbegin(); x.requests > 0; ++at) {
    if (at->owner != &x)
      continue;
    at->owner = nullptr;
    at->id = {};
    --x.requests;
    ++owner.ended_requests;
  }
  x.request_bytes = 0;
  drop_ended(owner);
}

// Ended ones go from the front at once; in the middle when they are the most.
void prompt_store::drop_ended(prompt_holder& owner) {
  auto& all = owner.requests;
  while (!all.empty() && all.front().owner == nullptr) {
    all.pop_front();
    --owner.ended_requests;
  }
  constexpr std::size_t few = 64;
  if (owner.ended_requests <= few || owner.ended_requests * 2 < all.size())
    return;
  std::erase_if(all, [](const auto& x) { return x.owner == nullptr; });
  owner.ended_requests = 0;
}

void prompt_store::add_address(prompt_entry& x, const ip_address& address) {
  x.addresses.push_back(address);
  ++x.owner->addresses[address][x.key];
}

void prompt_store::finish(prompt_entry& x, time_point now) {
  assert(x.finish_number == 0);
  auto& owner = *x.owner;
  owner.open.erase(x.number);
  --open_;
  x.finish_number = ++last_finish_;
  x.finished_at = now;
  owner.finished.emplace(x.finish_number, x.number);
  finished_.emplace(x.finish_number, x.number);
}

void prompt_store::recharge(prompt_entry& x) {
  const auto charge =
      prompt_overhead_bytes + x.target.size() + x.domain.size() + x.dest.size()
      + 5 * x.key.size() + x.request_bytes
      + x.addresses.size() * (address_overhead_bytes + x.key.size());
  x.owner->bytes += charge - x.charged;
  bytes_ += charge - x.charged;
  x.charged = charge;
}

bool prompt_store::is_over(const prompt_holder& x) const noexcept {
  return x.open.size() > limits_.per_container
         || x.bytes > limits_.per_container_bytes;
}

bool prompt_store::is_over_in_all() const noexcept {
  return open_ > limits_.total || bytes_ > limits_.total_bytes;
}

prompt_entry* prompt_store::oldest_waiting(prompt_holder& owner,
                                           const prompt_entry& but) {
  for (auto number : owner.open) {
    auto* x = find(number);
    if (x != &but && x->state == prompt_state::waiting)
      return x;
  }
  return nullptr;
}

bool prompt_store::give_up_one(prompt_entry& x, prompt_time now) {
  auto& owner = *x.owner;
  auto oldest_of = [&](const auto& finished) -> prompt_entry* {
    for (auto [order, number] : finished)
      if (number != x.number)
        return find(number);
    return nullptr;
  };
  // Only open prompts are counted. Decided and gone prompts do not take the
  // place of open ones.
  const bool has_too_many =
      owner.open.size() > limits_.per_container || open_ > limits_.total;
  prompt_entry* victim = nullptr;
  if (!has_too_many) {
    victim = oldest_of(owner.finished);
    if (victim == nullptr && bytes_ > limits_.total_bytes)
      victim = oldest_of(finished_);
  }
  if (victim != nullptr) {
    auto& theirs = *victim->owner;
    erase(*victim);
    if (&theirs != &owner)
      drop_if_empty(theirs);
    return true;
  }
  if (auto* oldest = oldest_waiting(owner, x)) {
    forget(*oldest, now);
    return true;
  }
  if (x.requests > 1) {
    const auto oldest =
        std::find_if(owner.requests.begin(), owner.requests.end(),
                     [&](const auto& y) { return y.owner == &x; });
    detach(x, oldest->generation);
    recharge(x);
    return true;
  }
  return false;
}

bool prompt_store::settle(prompt_entry& x, bool is_urgent, prompt_time now) {
  recharge(x);
  while (is_over(*x.owner) || is_over_in_all()) {
    if (give_up_one(x, now))
      continue;
    if (x.state == prompt_state::deciding)
      break;            // it is being executed; the next settle() removes it
    if (x.count <= 1) { // observers do not know it
      erase(x);
      return false;
    }
    if (x.state == prompt_state::waiting)
      forget(x, now);
    erase(x);
    return false;
  }
  notify(x, is_urgent);
  auto& finished = x.owner->finished;
  while (finished.size() > limits_.finished)
    erase(*find(finished.begin()->second));
  return true;
}

void prompt_store::notify(const prompt_entry& x, bool is_urgent) {
  for (auto* each : observers_)
    each->changed(x, is_urgent);
}

void prompt_store::forget(prompt_entry& x, prompt_time now) {
  ++forgotten_;
  x.state = prompt_state::gone;
  x.why = prompt_end::forgotten;
  ++x.revision;
  detach_all(x);
  finish(x, now.steady);
  recharge(x);
  notify(x, true);
  auto& finished = x.owner->finished;
  while (finished.size() > limits_.finished
         && finished.begin()->second != x.number)
    erase(*find(finished.begin()->second));
}

void prompt_store::erase(prompt_entry& x) {
  auto& owner = *x.owner;
  if (recent == &x)
    recent = nullptr;
  detach_all(x);
  for (const auto& address : x.addresses) {
    auto at = owner.addresses.find(address);
    auto known = at->second.find(x.key);
    if (--known->second == 0)
      at->second.erase(known);
    if (at->second.empty())
      owner.addresses.erase(at);
  }
  auto at = owner.targets.find(x.key);
  if (at != owner.targets.end() && at->second == x.number)
    owner.targets.erase(at);
  if (x.finish_number == 0) {
    owner.open.erase(x.number);
    --open_;
  } else {
    owner.finished.erase(x.finish_number);
    finished_.erase(x.finish_number);
  }
  owner.bytes -= x.charged;
  bytes_ -= x.charged;
  const auto number = x.number;
  auto facts = std::move(x.container);
  prompts_.erase(number);
  release_facts(owner, facts);
  for (auto* each : observers_)
    each->removed(number);
}

std::size_t prompt_store::quiet_holders() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(holders_.begin(), holders_.end(),
                    [](const auto& x) { return x.second.is_quiet; }));
}

void prompt_store::expire(time_point now) {
  while (!finished_.empty()) {
    auto* x = find(finished_.begin()->second);
    if (now - x->finished_at < limits_.retention)
      return;
    auto& owner = *x->owner;
    erase(*x);
    drop_if_empty(owner);
  }
}

time_point prompt_store::next_expiry() const noexcept {
  if (finished_.empty())
    return time_point::max();
  auto at = prompts_.find(finished_.begin()->second);
  return at->second->finished_at + limits_.retention;
}

} // namespace clearance::protocol
