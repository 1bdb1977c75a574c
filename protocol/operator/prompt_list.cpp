#include "protocol/operator/prompt_list.hpp"

#include "protocol/operator/client_limits.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace clearance::protocol {

void prompt_list::add_hub(const std::string& hub) {
  if (hubs_.try_emplace(hub).second)
    ++version_;
}

void prompt_list::remove_hub(const std::string& hub) {
  if (hubs_.erase(hub) == 0)
    return;
  ++version_;
  for (const auto& [id, number] : ids_[hub]) {
    vanished_ += entries_.at(number).prompt.is_open() ? 1 : 0;
    entries_.erase(number);
    note_removal(number);
  }
  ids_.erase(hub);
}

void prompt_list::connected(const std::string& hub, bool is_older) {
  auto& x = hubs_[hub];
  x.status = link_status::loading;
  x.is_older = is_older;
  x.why.clear();
  x.left_out = 0;
  mark_stale(hub);
}

void prompt_list::disconnected(const std::string& hub, std::string why) {
  auto& x = hubs_[hub];
  x.status = link_status::absent;
  x.why = std::move(why);
  mark_stale(hub);
}

void prompt_list::apply(const std::string& hub, watch_reply x) {
  ++version_;
  auto& to = hubs_[hub];
  if (x.hub)
    to.state = std::move(*x.hub);
  if (x.restart) {
    to.status = link_status::loading;
    to.left_out = 0;
    mark_stale(hub);
  }
  to.lost += x.lost;
  for (auto& each : x.prompts)
    put(hub, std::move(each));
  if (x.prompt)
    put(hub, std::move(*x.prompt));
  for (const auto& id : x.removed)
    erase(hub, id);
  if (x.complete) {
    to.status = link_status::current;
    drop_stale(hub);
  }
}

void prompt_list::set_host(const std::string& host, link_status status,
                           std::string why) {
  hosts_[host] = {status, std::move(why)};
  ++version_;
}

void prompt_list::refresh(const std::string& hub, listed_prompt x) {
  const auto* known = find(prompt_key{hub, x.id});
  if (known == nullptr || known->is_stale
      || known->prompt.revision > x.revision)
    return;
  ++version_;
  put(hub, std::move(x));
}

void prompt_list::put(const std::string& hub, listed_prompt x) {
  auto& ids = ids_[hub];
  auto known = ids.find(x.id);
  if (known != ids.end()) {
    auto& entry = entries_.at(known->second);
    entry.prompt = std::move(x);
    entry.is_stale = false;
    entry.changed = version_;
    return;
  }
  if (ids.size() >= client_limits::listed_prompts_per_hub_max) {
    ++hubs_[hub].left_out;
    return;
  }
  const auto number = ++last_number_;
  ids.emplace(x.id, number);
  prompt_key key{hub, x.id};
  entries_.emplace_hint(
      entries_.end(), number,
      list_entry{std::move(key), number, version_, false, std::move(x)});
}

void prompt_list::erase(const std::string& hub, const std::string& id) {
  auto& ids = ids_[hub];
  if (auto known = ids.find(id); known != ids.end()) {
    entries_.erase(known->second);
    note_removal(known->second);
    ids.erase(known);
  }
}

void prompt_list::mark_stale(const std::string& hub) {
  ++version_;
  for (const auto& [id, number] : ids_[hub]) {
    auto& entry = entries_.at(number);
    entry.is_stale = true;
    entry.changed = version_;
  }
}

void prompt_list::drop_stale(const std::string& hub) {
  std::erase_if(ids_[hub], [this](const auto& x) {
    auto i = entries_.find(x.second);
    if (!i->second.is_stale)
      return false;
    vanished_ += i->second.prompt.is_open() ? 1 : 0;
    entries_.erase(i);
    note_removal(x.second);
    return true;
  });
}

void prompt_list::note_removal(std::uint64_t number) {
  removals_.push_back({version_, number});
  if (removals_.size() <= client_limits::removals_kept_max)
    return;
  forgotten_until_ = removals_.front().version;
  removals_.pop_front();
}

bool prompt_list::removed_since(std::uint64_t version,
                                std::vector<std::uint64_t>& to) const {
  if (version < forgotten_until_)
    return false;
  for (auto i = removals_.rbegin();
       i != removals_.rend() && i->version > version; ++i)
    to.push_back(i->number);
  return true;
}

const list_entry* prompt_list::find(const prompt_key& key) const {
  auto ids = ids_.find(key.hub);
  if (ids == ids_.end())
    return nullptr;
  auto known = ids->second.find(key.id);
  return known == ids->second.end() ? nullptr : &entries_.at(known->second);
}

const list_entry* prompt_list::find(std::uint64_t number) const {
  auto i = entries_.find(number);
  return i == entries_.end() ? nullptr : &i->second;
}

std::vector<const list_entry*> prompt_list::decided() const {
  std::vector<const list_entry*> result;
  for (const auto& [number, x] : entries_)
    if (x.prompt.decision
        && (x.prompt.state == prompt_state::decided
            || x.prompt.decision->result == decision_result::failed))
      result.push_back(&x);
  std::stable_sort(result.begin(), result.end(),
                   [](const auto* a, const auto* b) {
                     return a->prompt.decision->at > b->prompt.decision->at;
                   });
  return result;
}

std::size_t prompt_list::waiting() const {
  std::size_t result = 0;
  for (const auto& [number, x] : entries_)
    result += x.prompt.is_open() && !x.prompt.quiet ? 1 : 0;
  return result;
}

std::optional<std::int64_t> prompt_list::oldest() const {
  std::optional<std::int64_t> result;
  for (const auto& [number, x] : entries_)
    if (x.prompt.is_open() && !x.prompt.quiet)
      result =
          std::min(result.value_or(x.prompt.first_seen), x.prompt.first_seen);
  return result;
}

std::size_t prompt_list::containers() const {
  std::set<std::string_view> names;
  for (const auto& [number, x] : entries_)
    if (x.prompt.is_open())
      names.insert(x.prompt.container);
  return names.size();
}

bool prompt_list::is_loading() const {
  const auto loads = [](const auto& x) {
    return x.second.status == link_status::loading;
  };
  return std::any_of(hubs_.begin(), hubs_.end(), loads)
         || std::any_of(hosts_.begin(), hosts_.end(), loads);
}

std::int64_t prompt_list::lost() const {
  std::int64_t result = 0;
  for (const auto& [name, x] : hubs_)
    result += x.lost;
  return result;
}

} // namespace clearance::protocol
