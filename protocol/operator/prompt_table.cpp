// The rules of the table. prompt_store.cpp keeps the prompts.
//
// Changes that a container can repeat do not change the revision: counts,
// ports, further addresses, another spelling of the target. A new flag or
// another rule of the policy changes the revision, and each flag can come only
// once.

#include "protocol/operator/prompt_table.hpp"

#include "protocol/operator/prompt_rules.hpp"
#include "protocol/text/text.hpp"

#include <algorithm>
#include <charconv>
#include <new>
#include <utility>

namespace clearance::protocol {

namespace {

template <class T>
bool has(const std::vector<T>& xs, const T& x) {
  return std::find(xs.begin(), xs.end(), x) != xs.end();
}

std::shared_ptr<const prompt_container> facts_of(std::string_view container,
                                                 const dossier& about) {
  auto result = std::make_shared<prompt_container>();
  result->name = container;
  std::size_t bytes = 0;
  for (const auto& [key, value] : about) {
    auto reduced = key;
    sanitise(reduced);
    auto& all = result->dossier;
    const bool is_known =
        std::any_of(all.begin(), all.end(),
                    [&](const auto& y) { return y.first == reduced; });
    bytes += reduced.size() + value.size();
    if (is_known || all.size() == operator_limits::dossier_max_keys
        || bytes > operator_limits::dossier_max_bytes) {
      bytes -= reduced.size() + value.size();
      ++result->more_dossier;
    } else {
      all.emplace_back(std::move(reduced), value);
    }
  }
  return result;
}

prompt_end end_by(event_type x) noexcept {
  switch (x) {
  case event_type::container_exited:
    return prompt_end::container_exited;
  case event_type::shield_down:
    return prompt_end::shield_down;
  case event_type::shield_disengaged:
    return prompt_end::shield_disengaged;
  case event_type::connection_blocked:
  case event_type::container_started:
  case event_type::shield_up:
  case event_type::verdict_applied:
    break;
  }
  return prompt_end::none;
}

// Null: all prompts are of this target.
const prompt_entry* other_target_of(const std::vector<prompt_entry*>& all,
                                    const std::string& key) {
  const auto at = std::find_if(all.begin(), all.end(),
                               [&](const auto* y) { return y->key != key; });
  return at == all.end() ? nullptr : *at;
}

bool is_allowed(const prompt& x) noexcept {
  return x.state == prompt_state::decided
         && x.decision->action == action::allow;
}

} // namespace

std::string target_key(std::string_view domain, std::string_view dest) {
  if (!domain.empty()) {
    auto name = canonical_name(domain);
    return name ? "n" + *name : "b" + std::string{domain};
  }
  auto address = parse_ip_address(dest);
  return address ? "a" + to_string(*address) : "x" + std::string{dest};
}

prompt_table::prompt_table(std::string boot, prompt_limits limits)
    : impl_(std::make_unique<impl>(std::move(boot), limits)) {
  // nop
}

prompt_table::~prompt_table() = default;

void prompt_table::add(prompt_observer& x) {
  impl_->add(x);
}

void prompt_table::remove(prompt_observer& x) {
  impl_->remove(x);
}

// -- from the registry --------------------------------------------------------

const prompt* prompt_table::block(const event& x, std::uint64_t generation,
                                  prompt_time now) {
  blocked y{x.container, x.domain, x.dest, x.port, x.proto, {}};
  if (!x.request_id.empty())
    y.bound.request.generation = generation;
  return block(
      y, [&] { return x.dossier; }, now);
}

// Nearly all blocks are of the same target as the last one of their container,
// and bring nothing new. Those cost a few comparisons.
const prompt* prompt_table::block(const blocked& x, const dossier_source& about,
                                  prompt_time now) {
  auto& all = *impl_;
  all.expire(now.steady);
  if (is_cut_container(x.container)) {
    ++all.unrecorded;
    return nullptr;
  }
  auto* known = all.find_holder(x.container, x.bound.container);
  auto* last = known == nullptr ? nullptr : known->recent;
  if (last != nullptr
      && (last->domain != x.domain
          || (x.domain.empty() && last->dest != x.dest)))
    last = nullptr;
  if (last != nullptr && all.fold_again(*last, x, now))
    return last;
  auto& owner =
      known == nullptr ? all.hold(x.container, x.bound.container) : *known;
  const auto before = all.last_number();
  try {
    if (owner.facts == nullptr)
      all.set_facts(owner, facts_of(x.container, about()));
    return all.block(owner, last, x, now);
  } catch (const std::bad_alloc&) {
    // A prompt that nobody has seen yet goes; another one misses this block.
    if (auto* made =
            all.last_number() > before ? all.find(before + 1) : nullptr)
      all.erase(*made);
    ++all.unrecorded;
    all.drop_if_empty(owner);
    return nullptr;
  }
}

// `last`: the newest prompt of the target. Null: look for it.
const prompt* prompt_table::impl::block(prompt_holder& owner,
                                        prompt_entry* last, const blocked& x,
                                        prompt_time now) {
  std::string key;
  if (last == nullptr) {
    key = target_key(x.domain, x.dest);
    last = newest_of(owner, key);
  }
  const bool is_open = x.bound.request.generation != 0;
  auto* found = last;
  if (last == nullptr || last->state == prompt_state::gone
      || is_allowed(*last)) {
    if (!is_open) {
      ++unrecorded;
      drop_if_empty(owner);
      return nullptr;
    }
    if (last != nullptr)
      key = last->key;
    found = &ask_anew(owner, last, std::move(key), x, now);
  }
  if (is_open)
    attach(*found, x.bound.request);
  const bool is_new = found->count == 0;
  const bool has_news = fold(*found, x, now) || is_new;
  // What else gives an open prompt a flag is found by flag_neighbours().
  const bool has_changed =
      (has_news || !found->is_open()) && find_new_flags(*found);
  if (has_changed && !is_new)
    ++found->revision;
  if (!settle(*found, is_new || has_changed, now)) {
    ++unrecorded;
    drop_if_empty(owner);
    return nullptr;
  }
  if (has_news)
    flag_neighbours(*found);
  owner.recent = found;
  return found;
}

void prompt_table::look_ahead(
    const std::span<const bound_request>& next) const {
  constexpr std::size_t ahead[]{8, 5, 2};
  const auto hint_at = [&](std::size_t n) {
    return next.size() > n && next[n].container != next[n - 1].container
               ? next[n].container
               : no_slot;
  };
  impl_->prefetch_holder(hint_at(ahead[0]));
  impl_->prefetch_prompt(hint_at(ahead[1]));
  impl_->prefetch_texts(hint_at(ahead[2]));
}

prompt_entry& prompt_table::impl::ask_anew(prompt_holder& owner,
                                           const prompt_entry* last,
                                           std::string key, const blocked& x,
                                           prompt_time now) {
  auto& result = create(owner, std::move(key));
  result.target = x.target();
  result.domain = x.domain;
  result.first_seen = now.wall;
  result.quiet = owner.is_quiet;
  if (last != nullptr && is_allowed(*last)) {
    result.kept_flags.add(flag::allowed_before);
    result.has_failed_automatically =
        last->decision->by.what == decider::kind::policy;
  }
  return result;
}

// Folds a block that brings nothing but itself. Returns whether it is one.
bool prompt_table::impl::fold_again(prompt_entry& x, const blocked& from,
                                    prompt_time now) {
  if (!x.is_open() || x.more_addresses > 0 || x.dest != from.dest
      || x.last_port != from.port || x.last_protocol != from.proto
      || is_nearly_full(*x.owner))
    return false;
  try {
    if (from.bound.request.generation != 0)
      attach(x, from.bound.request);
  } catch (const std::bad_alloc&) {
    ++unrecorded; // an open request that is not known
    return true;
  }
  x.last_seen = now.wall;
  ++x.count;
  notify(x, false);
  return true;
}

// Adds a further block to a prompt. Returns whether its address is new, or is
// the first one that is none.
bool prompt_table::impl::fold(prompt_entry& x, const blocked& from,
                              prompt_time now) {
  const bool is_known =
      x.count > 0 && x.more_addresses == 0 && x.dest == from.dest;
  x.dest = from.dest;
  x.last_seen = now.wall;
  ++x.count;
  auto add = [](std::vector<std::int64_t>& to, std::int64_t y) {
    if (has(to, y))
      return true;
    if (to.size() == operator_limits::prompt_ports_max)
      return false;
    to.push_back(y);
    return true;
  };
  if (add(x.ports, from.port))
    x.last_port = from.port;
  else
    x.more_ports = true;
  if (add(x.protocols, from.proto))
    x.last_protocol = from.proto;
  if (is_known)
    return false;
  auto address = parse_ip_address(from.dest);
  if (!address) {
    const bool is_news =
        !from.dest.empty() && !x.kept_flags.has(flag::wide_target);
    if (is_news)
      x.kept_flags.add(flag::wide_target);
    return is_news;
  }
  if (has(x.addresses, *address))
    return false;
  // The flags of an address count also if the address is not listed.
  x.kept_flags = x.kept_flags | find_flags(*address);
  if (x.addresses.size() == operator_limits::prompt_addresses_max)
    ++x.more_addresses;
  else
    add_address(x, *address);
  return true;
}

// Returns whether there are new flags.
bool prompt_table::impl::find_new_flags(prompt_entry& x) {
  const auto& known = x.owner->addresses;
  const bool is_shared = std::any_of(
      x.addresses.begin(), x.addresses.end(), [&](const ip_address& y) {
        return other_target_of(known.at(y), x.key) != nullptr;
      });
  x.kept_flags =
      x.kept_flags
      | find_flags({.domain = x.domain,
                    .addresses = x.addresses,
                    .address_is_shared = is_shared,
                    .open_prompts_of_container = x.owner->open_count});
  auto flags = x.kept_flags;
  if (x.has_failed_automatically)
    flags.add(flag::automatic_failed);
  return std::exchange(x.flags, flags) != flags;
}

// A new prompt or address can give other prompts of the container a flag, once.
void prompt_table::impl::flag_neighbours(prompt_entry& x) {
  auto look_at = [&](prompt_entry* y) {
    if (y == nullptr || y == &x || !y->is_open() || !find_new_flags(*y))
      return;
    ++y->revision;
    notify(*y, true);
  };
  auto& owner = *x.owner;
  if (owner.open.size() == many_targets_min + 1)
    for (auto number : owner.open)
      look_at(find(number));
  for (const auto& address : x.addresses) {
    const auto& all = owner.addresses.at(address);
    const auto* other = other_target_of(all, x.key);
    // If there is a third target, they have the flag already.
    if (other != nullptr
        && std::all_of(all.begin(), all.end(), [&](const prompt_entry* y) {
             return y->key == x.key || y->key == other->key;
           }))
      for (const auto& key : {x.key, other->key})
        look_at(newest_of(owner, key));
  }
}

void prompt_table::lifecycle(const event& x, prompt_time now) {
  const auto why = end_by(x.type);
  auto* owner = impl_->find_holder(x.container);
  if (why == prompt_end::none || owner == nullptr)
    return;
  impl_->end_all(*owner, why, now);
  if (why == prompt_end::container_exited) {
    owner->is_quiet = false;
    impl_->set_facts(*owner, nullptr);
  }
  impl_->drop_if_empty(*owner);
}

// The registry has dropped all open requests of the container. Earlier
// decisions say nothing about later blocks.
void prompt_table::impl::end_all(prompt_holder& owner, prompt_end why,
                                 prompt_time now) {
  owner.targets.clear();
  owner.recent = nullptr;
  for (auto [order, number] : owner.finished)
    detach_all(*find(number));
  const auto open = owner.open;
  for (auto number : open) {
    auto* x = find(number);
    if (x == nullptr || !x->is_open())
      continue;
    x->state = prompt_state::gone;
    x->why = why;
    ++x->revision;
    detach_all(*x);
    if (finish(*x, now.steady))
      settle(*x, true, now);
  }
}

void prompt_table::closed(std::string_view container, std::uint64_t generation,
                          slot_link container_hint, prompt_time now) {
  auto* owner = impl_->find_holder(container, container_hint);
  if (owner == nullptr)
    return;
  const auto* known = owner->requests.find(generation);
  if (known != nullptr)
    impl_->lose_request(*known->owner, generation, now);
}

void prompt_table::impl::lose_request(prompt_entry& x, std::uint64_t generation,
                                      prompt_time now) {
  detach(x, generation);
  if (x.requests == 0 && x.state == prompt_state::waiting)
    forget(x, now);
}

decision prompt_table::executed(std::string_view container,
                                const request_ref& request, decision x,
                                prompt_time now) {
  x.seq = ++impl_->last_decision;
  x.at = now.wall;
  x.container = container;
  auto* owner = impl_->find_holder(container);
  if (owner == nullptr)
    return x;
  const auto* known = owner->requests.find(request.generation);
  if (known == nullptr)
    return x;
  auto& y = *known->owner;
  x.prompt = id_of(y.number);
  x.target = y.target;
  x.waited = now.wall - y.first_seen;
  const bool is_applied = x.result == decision_result::applied;
  if (is_applied)
    impl_->detach(y, request.generation);
  if (y.state != prompt_state::waiting)
    return x;
  y.decision = x;
  if (is_applied) {
    y.state = prompt_state::decided;
    ++y.revision;
    if (!impl_->finish(y, now.steady))
      return x;
  }
  impl_->settle(y, true, now);
  return x;
}

// -- looking ------------------------------------------------------------------

void prompt_table::expire(prompt_time now) {
  impl_->expire(now.steady);
}

time_point prompt_table::next_expiry() const noexcept {
  return impl_->next_expiry();
}

const prompt* prompt_table::find(std::string_view id) const {
  const auto& boot = impl_->boot;
  if (id.size() <= boot.size() + 1 || !id.starts_with(boot)
      || id[boot.size()] != '-')
    return nullptr;
  id.remove_prefix(boot.size() + 1);
  std::uint64_t number = 0;
  auto [end, failed] =
      std::from_chars(id.data(), id.data() + id.size(), number);
  if (failed != std::errc{} || end != id.data() + id.size()
      || id.front() == '0')
    return nullptr;
  return find(number);
}

const prompt* prompt_table::find(std::uint64_t number) const {
  return impl_->find(number);
}

const prompt* prompt_table::next_after(std::uint64_t number) const {
  return impl_->next_after(number);
}

std::string prompt_table::id_of(std::uint64_t number) const {
  return impl_->boot + "-" + std::to_string(number);
}

std::uint64_t prompt_table::last_number() const noexcept {
  return impl_->last_number();
}

std::size_t prompt_table::size() const noexcept {
  return impl_->size();
}

std::size_t prompt_table::open() const noexcept {
  return impl_->open();
}

std::size_t prompt_table::containers() const noexcept {
  return impl_->holders();
}

std::size_t prompt_table::bytes() const noexcept {
  return impl_->bytes();
}

std::uint64_t prompt_table::forgotten() const noexcept {
  return impl_->forgotten();
}

std::uint64_t prompt_table::unrecorded() const noexcept {
  return impl_->unrecorded;
}

} // namespace clearance::protocol
