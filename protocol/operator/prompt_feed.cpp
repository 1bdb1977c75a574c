// The order of what is sent: the hub, the snapshot, removed ids, events, news
// (state, revision, flags), and counts at last. A snapshot shows prompts by
// number. A change of a prompt that the snapshot has still to show needs no
// reply of its own.
//
// Changes have turns: a bucket of changes_burst_max that fills up again so
// slowly that no second sees more than changes_per_second_max.

#include "protocol/operator/prompt_feed.hpp"

#include "protocol/operator/json_members.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace clearance::protocol {

namespace {

constexpr duration turn_interval =
    duration{std::chrono::seconds{1}}
    / static_cast<duration::rep>(operator_limits::changes_per_second_max
                                 - operator_limits::changes_burst_max);

// Appends a reply; `write(members)` writes its parameters.
template <class F>
void append_more(std::string& out, F write) {
  out += R"({"continues":true,"parameters":)";
  {
    json_members to{out};
    write(to);
  }
  out += '}';
  out += '\0';
}

} // namespace

prompt_feed::prompt_feed(const prompt_table& table, shield_abilities shield)
    : table_(table), shield_(shield), until_(table.last_number()) {
  // nop
}

// A change that there is no memory for is in the new snapshot.
void prompt_feed::changed(const prompt& x, bool is_urgent) try {
  if (is_snapshot_ && x.number > cursor_ && x.number <= until_)
    return;
  auto& known = told_[x.number];
  const auto wanted = is_urgent ? pending_change::news : pending_change::counts;
  if (known.pending >= wanted)
    return;
  if (known.pending == pending_change::none)
    known.order = ++last_order_;
  else
    counts_.erase(known.order); // it keeps its age
  known.pending = wanted;
  queue_of(wanted).emplace(known.order, x.number);
  if (pending() > operator_limits::pending_changes_max)
    restart();
} catch (const std::bad_alloc&) {
  restart();
}

void prompt_feed::removed(std::uint64_t number) try {
  auto at = told_.find(number);
  if (at == told_.end())
    return;
  const auto known = at->second;
  told_.erase(at);
  if (known.pending != pending_change::none)
    queue_of(known.pending).erase(known.order);
  if (!known.is_told)
    return;
  removed_.push_back(number);
  if (pending() > operator_limits::pending_changes_max)
    restart();
} catch (const std::bad_alloc&) {
  restart();
}

void prompt_feed::resume(duration away) {
  if (!is_snapshot_ && away >= operator_limits::watch_stalled_after
      && pending() > operator_limits::changes_burst_max)
    restart();
}

void prompt_feed::add(event x) {
  events_.push_back(std::move(x));
  if (events_.size() > operator_limits::watch_events_max) {
    events_.pop_front();
    ++lost_;
  }
}

void prompt_feed::set(const shield_abilities& x) {
  shield_ = x;
  restart();
}

void prompt_feed::set(const hub_state& x) {
  hub_.clear();
  append_hub(hub_, x);
}

// The client forgets everything with the first reply of the new snapshot.
void prompt_feed::restart() noexcept {
  is_restart_ = true;
  is_snapshot_ = true;
  cursor_ = 0;
  until_ = table_.last_number();
  told_.clear();
  news_.clear();
  counts_.clear();
  removed_.clear();
}

bool prompt_feed::write(time_point now, std::string& out) {
  if (!hub_.empty()) {
    append_more(out, [this](auto& to) { to.raw("hub") += hub_; });
    hub_.clear();
    return true;
  }
  if (is_snapshot_) {
    write_page(out);
    return true;
  }
  if (lost_ > 0) {
    append_more(
        out, [this](auto& to) { to.count("lost", std::exchange(lost_, 0)); });
    return true;
  }
  if (!events_.empty()) {
    append_more(out, [this](auto& to) {
      append_event(to.raw("event"), events_.front());
    });
    events_.pop_front();
    return true;
  }
  if (!removed_.empty() && next_turn(now) <= now) {
    fill_turns(now);
    --turns_;
    write_removed(out);
    return true;
  }
  return write_change(news_, now, out) || write_change(counts_, now, out);
}

void prompt_feed::write_page(std::string& out) {
  out += R"({"continues":true,"parameters":{"prompts":[)";
  const auto begin = out.size();
  const prompt* next = nullptr;
  for (std::size_t count = 0;; ++count) {
    next = table_.next_after(cursor_);
    if (next == nullptr || next->number > until_
        || count == operator_limits::snapshot_page_max_prompts)
      break;
    const auto before = out.size();
    out += count > 0 ? "," : "";
    append_prompt(out, *next, table_.id_of(next->number), shield_);
    if (count > 0
        && out.size() - begin > operator_limits::snapshot_page_max_bytes) {
      out.resize(before);
      break;
    }
    told_[next->number].is_told = true;
    cursor_ = next->number;
  }
  is_snapshot_ = next != nullptr && next->number <= until_;
  out += is_snapshot_ ? "]" : R"(],"complete":true)";
  if (std::exchange(is_restart_, false))
    out += R"(,"restart":true)";
  out += "}}";
  out += '\0';
}

void prompt_feed::write_removed(std::string& out) {
  const auto count =
      std::min(removed_.size(), operator_limits::removed_page_max);
  const auto end = removed_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<std::string> ids;
  std::transform(removed_.begin(), end, std::back_inserter(ids),
                 [this](auto number) { return table_.id_of(number); });
  removed_.erase(removed_.begin(), end);
  append_more(out, [&](auto& to) {
    to.list("removed", ids,
            [](auto& text, const auto& x) { append_json(text, x); });
  });
}

time_point prompt_feed::ready(const told_prompt& x) {
  return x.sent == time_point::min()
             ? x.sent
             : x.sent + operator_limits::prompt_interval;
}

// Those that were sent a moment ago wait; they are few, because all that is
// sent in that time is.
bool prompt_feed::write_change(change_queue& from, time_point now,
                               std::string& out) {
  if (from.empty() || next_turn(now) > now)
    return false;
  auto at = std::find_if(from.begin(), from.end(), [&](const auto& x) {
    return ready(told_.at(x.second)) <= now;
  });
  if (at == from.end())
    return false;
  const auto number = at->second;
  from.erase(at);
  auto& known = told_.at(number);
  known.pending = pending_change::none;
  known.is_told = true;
  known.sent = now;
  fill_turns(now);
  --turns_;
  append_more(out, [&](auto& to) {
    append_prompt(to.raw("prompt"), *table_.find(number), table_.id_of(number),
                  shield_);
  });
  return true;
}

void prompt_feed::fill_turns(time_point now) {
  if (turns_at_ == time_point::min())
    turns_at_ = now;
  const auto earned = (now - turns_at_) / turn_interval;
  const auto room =
      static_cast<duration::rep>(operator_limits::changes_burst_max - turns_);
  if (earned >= room) {
    turns_ = operator_limits::changes_burst_max;
    turns_at_ = now;
  } else {
    turns_ += static_cast<std::size_t>(earned);
    turns_at_ += earned * turn_interval;
  }
}

time_point prompt_feed::next_turn(time_point now) const {
  return turns_ > 0 ? now : turns_at_ + turn_interval;
}

time_point prompt_feed::due(time_point now) const {
  if (!hub_.empty() || is_snapshot_ || lost_ > 0 || !events_.empty())
    return now;
  if (pending() == 0)
    return time_point::max();
  const auto turn = next_turn(now);
  if (turn > now || !removed_.empty())
    return turn;
  auto result = time_point::max();
  for (const auto* queue : {&news_, &counts_})
    for (const auto& [order, number] : *queue) {
      result = std::min(result, ready(told_.at(number)));
      if (result <= now)
        return now;
    }
  return result;
}

} // namespace clearance::protocol
