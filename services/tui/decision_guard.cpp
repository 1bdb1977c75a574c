#include "services/tui/decision_guard.hpp"

#include "protocol/operator/client_limits.hpp"

namespace clearance::services {

namespace limits = protocol::client_limits;

namespace {

/// The oldest is forgotten: its mark then needs another look.
constexpr std::size_t seen_max = 4096;

} // namespace

void decision_guard::drawn(std::span<const shown_prompt> shown,
                           std::optional<std::uint64_t> selected,
                           std::uint64_t focus, bool list_changed,
                           protocol::time_point now) {
  if (focus_ != focus) {
    focus_ = focus;
    focus_since_ = now;
  }
  std::map<std::uint64_t, sight> next;
  for (const auto& x : shown) {
    sight to{x.revision, x.line, now};
    if (auto old = shown_.find(x.number);
        old != shown_.end() && old->second.revision == x.revision)
      to.since = old->second.since;
    next.emplace(x.number, to);
  }
  // What was long enough on the pictures before was seen.
  for (const auto& [number, x] : shown_)
    if (now - x.since >= limits::on_screen_min)
      seen_[number] = x.revision;
  while (seen_.size() > seen_max)
    seen_.erase(seen_.begin());
  const auto before = std::exchange(shown_, std::move(next));
  if (!list_changed || before.empty())
    return;
  const auto place = selected ? shown_.find(*selected) : shown_.end();
  if (place == shown_.end()) {
    moved_ = now; // what was selected has vanished, or scrolled away
    return;
  }
  // The prompt, and the neighbours to which the next key may lead.
  const auto line_before = [&](std::size_t line) {
    for (const auto& [number, x] : before)
      if (x.line == line)
        return std::optional{number};
    return std::optional<std::uint64_t>{};
  };
  const auto line = place->second.line;
  for (std::size_t i = line > 0 ? line - 1 : 0; i <= line + 1; ++i) {
    const auto old = line_before(i);
    // A prompt that appends itself below moves nothing.
    if (old != at_line(i) && (old || i == line))
      moved_ = now;
  }
  const auto old = before.find(*selected);
  if (old == before.end() || old->second.revision != place->second.revision)
    moved_ = now;
}

std::optional<std::uint64_t> decision_guard::at_line(std::size_t line) const {
  for (const auto& [number, x] : shown_)
    if (x.line == line)
      return number;
  return std::nullopt;
}

void decision_guard::key_came(protocol::time_point now) {
  if (pasted_ && now - *pasted_ < limits::after_move_min)
    pasted_ = now;
  else
    pasted_.reset();
}

bool decision_guard::is_settled(std::uint64_t focus,
                                protocol::time_point now) const {
  return focus_ == focus && now - focus_since_ >= limits::on_screen_min
         && !pasted_ && (!moved_ || now - *moved_ >= limits::after_move_min)
         && (!refused_ || now - *refused_ >= limits::after_move_min);
}

bool decision_guard::allows(std::uint64_t number, std::uint64_t focus,
                            protocol::time_point now) const {
  const auto x = shown_.find(number);
  return x != shown_.end() && now - x->second.since >= limits::on_screen_min
         && is_settled(focus, now);
}

bool decision_guard::allows_marked(std::uint64_t number, std::int64_t revision,
                                   std::uint64_t focus,
                                   protocol::time_point now) const {
  if (!is_settled(focus, now))
    return false;
  const auto x = shown_.find(number);
  if (x != shown_.end() && x->second.revision == revision
      && now - x->second.since >= limits::on_screen_min)
    return true;
  const auto seen = seen_.find(number);
  return seen != seen_.end() && seen->second == revision;
}

std::optional<std::int64_t>
decision_guard::revision_of(std::uint64_t number) const {
  const auto x = shown_.find(number);
  return x == shown_.end() ? std::nullopt : std::optional{x->second.revision};
}

} // namespace clearance::services
