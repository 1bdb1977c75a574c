// When there is no room, prompts are removed in this order. First the oldest
// decided or gone prompt of the container. If all containers together hold too
// much, the oldest decided or gone prompt of any container: nobody waits for
// it. Then the oldest waiting prompt of the container itself. Last, the oldest
// open requests of the prompt that grew. So a container can remove only its own
// waiting prompts.

#include "protocol/operator/prompt_store.hpp"

#include "protocol/base/prefetch.hpp"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

namespace clearance::protocol {

namespace {

std::size_t bytes_of(const prompt_container& x) {
  std::size_t result = sizeof x + x.name.size();
  for (const auto& [key, value] : x.dossier)
    result += 96 + key.size() + value.size();
  return result;
}

// More numbers of containers are not hinted at: the registry numbers them
// densely, and has no more open requests than that.
constexpr slot_link hints_max = 65536;

} // namespace

prompt_holder* prompt_store::find_holder(std::string_view name,
                                         slot_link hint) {
  if (hint < hints_.size()) {
    auto* hinted = hints_[hint];
    if (hinted != nullptr && hinted->name == name)
      return hinted;
  }
  auto at = holders_.find(name);
  if (at == holders_.end())
    return nullptr;
  take_hint(at->second, hint);
  return &at->second;
}

void prompt_store::prefetch_holder(slot_link hint) const noexcept {
  if (hint >= hints_.size() || hints_[hint] == nullptr)
    return;
  const auto* at = reinterpret_cast<const char*>(hints_[hint]);
  protocol::prefetch(at);
  protocol::prefetch(at + 64);
}

void prompt_store::prefetch_prompt(slot_link hint) const noexcept {
  if (hint >= hints_.size() || hints_[hint] == nullptr)
    return;
  hints_[hint]->requests.prefetch();
  if (const auto* x = hints_[hint]->recent) {
    protocol::prefetch(&x->owner);
    protocol::prefetch(&x->domain);
    protocol::prefetch(&x->flags);
  }
}

void prompt_store::prefetch_texts(slot_link hint) const noexcept {
  if (hint >= hints_.size() || hints_[hint] == nullptr)
    return;
  if (const auto* x = hints_[hint]->recent) {
    protocol::prefetch(x->domain.data());
    protocol::prefetch(x->dest.data());
  }
}

// A hint saves time only, so it may be left out.
void prompt_store::take_hint(prompt_holder& x, slot_link hint) {
  if (hint >= hints_max)
    return;
  if (hint >= hints_.size()) {
    try {
      hints_.resize(hint + 1);
    } catch (const std::bad_alloc&) {
      return;
    }
  }
  drop_hint(x);
  if (auto* other = std::exchange(hints_[hint], &x))
    other->hint = no_slot;
  x.hint = hint;
}

void prompt_store::drop_hint(prompt_holder& x) noexcept {
  if (x.hint != no_slot)
    hints_[std::exchange(x.hint, no_slot)] = nullptr;
}

prompt_holder& prompt_store::hold(std::string_view name, slot_link hint) {
  if (auto* known = find_holder(name, hint))
    return *known;
  prompt_holder made;
  made.name = name;
  made.bytes = holder_overhead_bytes + 3 * name.size();
  auto& result =
      holders_.emplace(std::string{name}, std::move(made)).first->second;
  bytes_ += result.bytes;
  take_hint(result, hint);
  return result;
}

void prompt_store::drop_if_empty(prompt_holder& x) {
  if (!x.open.empty() || !x.finished.empty() || x.is_quiet)
    return;
  bytes_ -= x.bytes;
  drop_hint(x);
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
  return at == owner.targets.end() ? nullptr : at->second;
}

// If memory is denied nothing has changed.
prompt_entry& prompt_store::create(prompt_holder& owner, std::string key) {
  auto made = std::make_unique<prompt_entry>();
  auto& result = *made;
  const auto number = last_number_ + 1;
  result.number = number;
  result.owner = &owner;
  result.container = owner.facts;
  result.key = std::move(key);
  prompts_.emplace_hint(prompts_.end(), number, std::move(made));
  try {
    owner.open.insert(owner.open.end(), number);
    if (auto node = owner.targets.extract(result.key)) {
      node.key() = result.key; // the older prompt may go before this one
      node.mapped() = &result;
      owner.targets.insert(std::move(node));
    } else {
      owner.targets.emplace(result.key, &result);
    }
  } catch (const std::bad_alloc&) {
    owner.open.erase(number);
    prompts_.erase(number);
    throw;
  }
  owner.recent = nullptr;
  last_number_ = number;
  ++owner.open_count;
  ++open_;
  return result;
}

void prompt_store::attach(prompt_entry& x, const request_ref& request) {
  auto& owner = *x.owner;
  owner.requests.push({request, &x});
  ++x.requests;
  x.charged += request_bytes;
  owner.bytes += request_bytes;
  bytes_ += request_bytes;
}

const request_ref& prompt_store::newest_request(const prompt_entry& x) {
  const auto& all = x.owner->requests;
  auto at = all.size() - 1;
  while (all[at].owner != &x)
    --at;
  return all[at].what;
}

void prompt_store::detach(prompt_entry& x, std::uint64_t generation) {
  auto* found = x.owner->requests.find(generation);
  if (found != nullptr && found->owner == &x)
    release(*found);
}

void prompt_store::release(prompt_request& x) noexcept {
  auto& of = *std::exchange(x.owner, nullptr);
  auto& owner = *of.owner;
  --of.requests;
  of.charged -= request_bytes;
  owner.bytes -= request_bytes;
  bytes_ -= request_bytes;
  owner.requests.note_end();
}

void prompt_store::detach_all(prompt_entry& x) {
  auto& all = x.owner->requests;
  // Each end may move those behind it to the front.
  for (auto at = all.size(); x.requests > 0;) {
    at = std::min(at, all.size()) - 1;
    if (all[at].owner == &x)
      release(all[at]);
  }
}

void prompt_store::add_address(prompt_entry& x, const ip_address& address) {
  x.addresses.reserve(x.addresses.size() + 1);
  auto& known = x.owner->addresses;
  const auto at = known.try_emplace(address).first;
  try {
    at->second.push_back(&x);
  } catch (const std::bad_alloc&) {
    if (at->second.empty())
      known.erase(at);
    throw;
  }
  x.addresses.push_back(address);
}

void prompt_store::drop_addresses(prompt_entry& x) noexcept {
  auto& known = x.owner->addresses;
  for (const auto& address : x.addresses) {
    const auto at = known.find(address);
    auto& all = at->second;
    *std::find(all.begin(), all.end(), &x) = all.back();
    all.pop_back();
    if (all.empty())
      known.erase(at);
  }
}

bool prompt_store::finish(prompt_entry& x, time_point now) {
  assert(x.finish_number == 0);
  auto& owner = *x.owner;
  const auto order = ++last_finish_;
  try {
    owner.finished.emplace(order, x.number);
    finished_.emplace(order, x.number);
  } catch (const std::bad_alloc&) {
    owner.finished.erase(order);
    erase(x);
    return false;
  }
  owner.open.erase(x.number);
  --owner.open_count;
  --open_;
  x.finish_number = order;
  x.finished_at = now;
  expire_from_ = std::min(expire_from_, now + limits_.retention);
  return true;
}

void prompt_store::recharge(prompt_entry& x) {
  auto charge = prompt_overhead_bytes + x.target.size() + x.domain.size()
                + x.dest.size() + 3 * x.key.size() + x.rule.size()
                + x.requests * request_bytes
                + x.addresses.size() * address_overhead_bytes;
  if (x.decision) {
    const auto& made = *x.decision;
    charge += decision_overhead_bytes + made.prompt.size()
              + made.by.command.size() + made.by.name.size()
              + made.reason.size() + made.rule.size() + made.error.size()
              + made.container.size() + made.target.size();
  }
  x.owner->bytes += charge - x.charged;
  bytes_ += charge - x.charged;
  x.charged = charge;
}

bool prompt_store::is_over(const prompt_holder& x) const noexcept {
  return x.open_count > limits_.per_container
         || x.bytes > limits_.per_container_bytes;
}

bool prompt_store::is_nearly_full(const prompt_holder& x) const noexcept {
  return x.open_count > limits_.per_container || open_ > limits_.total
         || x.bytes + request_bytes > limits_.per_container_bytes
         || bytes_ + request_bytes > limits_.total_bytes;
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
      owner.open_count > limits_.per_container || open_ > limits_.total;
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
    std::size_t oldest = 0;
    while (owner.requests[oldest].owner != &x)
      ++oldest;
    release(owner.requests[oldest]);
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
    const auto number = x.number;
    if (x.state == prompt_state::waiting)
      forget(x, now);
    if (auto* left = find(number))
      erase(*left);
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
  if (!finish(x, now.steady))
    return;
  recharge(x);
  notify(x, true);
  auto& finished = x.owner->finished;
  while (finished.size() > limits_.finished
         && finished.begin()->second != x.number)
    erase(*find(finished.begin()->second));
}

void prompt_store::erase(prompt_entry& x) {
  auto& owner = *x.owner;
  if (owner.recent == &x)
    owner.recent = nullptr;
  detach_all(x);
  drop_addresses(x);
  auto at = owner.targets.find(x.key);
  if (at != owner.targets.end() && at->second == &x)
    owner.targets.erase(at);
  if (x.finish_number == 0) {
    owner.open.erase(x.number);
    --owner.open_count;
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
  if (now < expire_from_)
    return;
  while (next_expiry() <= now) {
    auto& x = *find(finished_.begin()->second);
    auto& owner = *x.owner;
    erase(x);
    drop_if_empty(owner);
  }
  expire_from_ = next_expiry();
}

time_point prompt_store::next_expiry() const noexcept {
  if (finished_.empty())
    return time_point::max();
  auto at = prompts_.find(finished_.begin()->second);
  return at->second->finished_at + limits_.retention;
}

} // namespace clearance::protocol
