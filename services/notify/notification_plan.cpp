#include "services/notify/notification_plan.hpp"

#include "protocol/operator/client_limits.hpp"
#include "protocol/text/text.hpp"
#include "services/client/prompt_words.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

// A slot goes through this: must_show -> (Notify is sent) is_pending -> id.
// While Notify has not answered nothing is sent about the slot, because without
// the id it could only make a second notification.
namespace clearance::services {

namespace {

using protocol::prompt_state;
namespace client_limits = protocol::client_limits;

template <class T>
std::optional<T> take_number(std::string_view& text) {
  T value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{})
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  return value;
}

struct button {
  protocol::action action = protocol::action::deny;
  std::uint64_t number = 0;
  std::int64_t revision = 0;
};

std::optional<button> parse_button(std::string_view key) {
  button result;
  if (key.starts_with("allow ")) {
    result.action = protocol::action::allow;
    key.remove_prefix(6);
  } else if (key.starts_with("deny ")) {
    key.remove_prefix(5);
  } else {
    return std::nullopt;
  }
  const auto number = take_number<std::uint64_t>(key);
  if (!number || !key.starts_with(' '))
    return std::nullopt;
  key.remove_prefix(1);
  const auto revision = take_number<std::int64_t>(key);
  if (!revision || !key.empty())
    return std::nullopt;
  result.number = *number;
  result.revision = *revision;
  return result;
}

} // namespace

void notification_plan::server_came(notification_abilities x) {
  server_ = x;
  forget_server();
  arrange();
}

void notification_plan::server_gone() {
  server_.reset();
  forget_server();
}

void notification_plan::forget_server() {
  for (auto& [key, x] : slots_)
    x = {};
  summary_ = {};
  is_digest_ = false;
}

void notification_plan::set_quiet(bool is_quiet) {
  if (is_quiet == is_quiet_)
    return;
  is_quiet_ = is_quiet;
  if (is_quiet) {
    quiet_from_ = last_number_;
    is_digest_ = false;
  } else {
    const auto from = quiet_from_.value_or(last_number_);
    is_digest_ =
        std::any_of(groups_.begin(), groups_.end(), [&](const auto& x) {
          return std::any_of(x.second.prompts.begin(), x.second.prompts.end(),
                             [&](const auto& y) { return y.number > from; });
        });
    // The digest tells of everything.
    for (const auto& [key, x] : groups_)
      slots_[key].told = x.prompts;
    if (is_digest_)
      summary_.must_show = true;
  }
  arrange();
}

bool notification_plan::is_summed_up() const {
  return groups_.size() > client_limits::notified_containers_max;
}

// True: a person should look again. Fewer prompts are no news.
bool notification_plan::is_news(const told_prompts& before,
                                const told_prompts& now) {
  return std::any_of(now.begin(), now.end(), [&](const auto& x) {
    return std::find(before.begin(), before.end(), x) == before.end();
  });
}

void notification_plan::tell(slot& x, told_prompts now) {
  if (x.told == now)
    return;
  const bool is_visible = x.id != 0 || x.is_pending;
  if (is_visible || is_news(x.told, now))
    x.must_show = true;
  x.told = std::move(now);
  x.must_close = x.is_over = false;
  x.close_at.reset();
  x.farewell.clear();
}

void notification_plan::withdraw(slot& x) {
  x.must_show = false;
  x.told.clear();
  x.note.clear();
  x.must_close = x.id != 0 || x.is_pending;
  x.is_over = true;
}

// The last prompts of a container are decided, or are gone.
void notification_plan::say_goodbye(const protocol::prompt_list& list) {
  for (auto& [key, x] : slots_) {
    if (groups_.contains(key) || x.is_over)
      continue;
    std::string farewell;
    for (const auto& told : x.told) {
      const auto* entry = list.find(told.number);
      if (entry != nullptr && entry->prompt.decision
          && entry->prompt.state == prompt_state::decided)
        farewell += (farewell.empty() ? "" : "\n")
                    + protocol::escaped(entry->prompt.target, 100) + ": "
                    + decision_words(*entry->prompt.decision);
    }
    const bool is_visible = x.id != 0 || x.is_pending;
    const bool is_said =
        is_visible && choice_.verdict && !farewell.empty() && !is_quiet_;
    withdraw(x);
    if (!is_said)
      continue;
    x.must_close = false;
    x.must_show = true;
    x.farewell = std::move(farewell);
  }
}

void notification_plan::update(const protocol::prompt_list& list) {
  gather(list);
  say_goodbye(list);
  arrange();
}

void notification_plan::arrange() {
  const bool is_silent = is_quiet_ || !choice_.blocked;
  const bool sums_up = !is_silent && is_summed_up();
  for (const auto& [key, x] : groups_) {
    auto& to = slots_[key];
    if (is_silent || sums_up) {
      if (!to.is_over)
        withdraw(to);
    } else {
      tell(to, x.prompts);
    }
  }
  told_prompts all;
  if (sums_up || (is_digest_ && !is_silent))
    for (const auto& [key, x] : groups_)
      all.insert(all.end(), x.prompts.begin(), x.prompts.end());
  if (all.empty()) {
    is_digest_ = false;
    if (!summary_.is_over)
      withdraw(summary_);
  } else {
    // A new prompt after the digest has its own notification.
    if (is_digest_ && !sums_up) {
      if (summary_.must_show)
        summary_.told = all;
    } else {
      is_digest_ = is_digest_ && summary_.must_show;
      tell(summary_, all);
    }
    summary_.is_over = summary_.must_close = false;
  }
  std::erase_if(slots_, [this](const auto& x) {
    return !groups_.contains(x.first) && x.second.is_over && x.second.id == 0
           && !x.second.is_pending;
  });
}

std::vector<notification_call> notification_plan::calls(time_point now) {
  std::vector<notification_call> result;
  if (!server_)
    return result;
  const auto add = [&](slot& x, const group_key* key) {
    if (auto call = call_of(x, now, key))
      result.push_back(std::move(*call));
  };
  for (auto& [key, x] : slots_)
    add(x, &key);
  add(summary_, nullptr);
  arrange();
  return result;
}

std::optional<notification_call>
notification_plan::call_of(slot& x, time_point now, const group_key* key) {
  if (x.is_pending)
    return std::nullopt;
  if (x.close_at && now >= *x.close_at) {
    x.close_at.reset();
    x.must_close = true;
  }
  if (std::exchange(x.must_close, false) && x.id != 0)
    return notification_close{std::exchange(x.id, 0)};
  if (!x.must_show || (x.not_before && now < *x.not_before)
      || (next_show_ && now < *next_show_))
    return std::nullopt;
  // What was dismissed needs no last word.
  x.must_show = false;
  if (!x.farewell.empty() && x.id == 0)
    return std::nullopt;
  x.tag = ++last_tag_;
  x.is_pending = true;
  x.not_before = now + client_limits::notification_interval;
  next_show_ = now + client_limits::notifications_interval;
  auto show = text_of(x, key);
  if (show.is_brief)
    x.close_at = now + client_limits::farewell_time;
  x.note.clear();
  return show;
}

std::optional<time_point> notification_plan::due() const {
  std::optional<time_point> result;
  const auto add = [&](const slot& x) {
    if (x.is_pending)
      return;
    auto at = x.close_at;
    if (x.must_close && x.id != 0)
      at = time_point{};
    if (x.must_show) {
      const auto show = std::max(x.not_before.value_or(time_point{}),
                                 next_show_.value_or(time_point{}));
      at = at ? std::min(*at, show) : show;
    }
    if (at && (!result || *at < *result))
      result = at;
  };
  if (!server_)
    return result;
  for (const auto& [key, x] : slots_)
    add(x);
  add(summary_);
  return result;
}

notification_plan::slot* notification_plan::find(std::uint32_t id) {
  if (id == 0)
    return nullptr;
  for (auto& [key, x] : slots_)
    if (x.id == id)
      return &x;
  return summary_.id == id ? &summary_ : nullptr;
}

notification_plan::slot* notification_plan::tagged(std::uint64_t tag) {
  for (auto& [key, x] : slots_)
    if (x.is_pending && x.tag == tag)
      return &x;
  return summary_.is_pending && summary_.tag == tag ? &summary_ : nullptr;
}

void notification_plan::shown(std::uint64_t tag, std::uint32_t id) {
  auto* x = tagged(tag);
  if (x == nullptr)
    return;
  x->is_pending = false;
  x->id = id;
}

void notification_plan::not_shown(std::uint64_t tag, time_point now) {
  auto* x = tagged(tag);
  if (x == nullptr)
    return;
  x->is_pending = false;
  x->id = 0;
  x->must_show = !x->is_over;
  x->not_before = now + client_limits::notification_retry_interval;
}

void notification_plan::closed(std::uint32_t id) {
  auto* x = find(id);
  if (x == nullptr)
    return;
  x->id = 0;
  x->close_at.reset();
  arrange();
}

notification_wish
notification_plan::clicked(std::uint32_t id, std::string_view key,
                           const protocol::prompt_list& list) {
  auto* x = find(id);
  if (x == nullptr)
    return {};
  if (key == "open" || key == "default")
    return notification_open{};
  const auto what = parse_button(key);
  if (!what)
    return {};
  const auto* entry = list.find(what->number);
  if (entry != nullptr && entry->can_be_decided()
      && entry->prompt.revision == what->revision
      && entry->prompt.flags.empty())
    return notification_decide{what->number, entry->key, what->revision,
                               what->action};
  if (x->is_over)
    return {};
  x->note = entry != nullptr && entry->is_stale
                ? "Not decided: its hub is away."
                : "Not decided: it has changed. Look again.";
  x->must_show = true;
  return {};
}

void notification_plan::not_decided(std::uint64_t number,
                                    const std::string& why) {
  for (auto& [key, x] : slots_)
    for (const auto& told : x.told)
      if (told.number == number && !x.is_over) {
        x.note = "Not decided: " + why;
        x.must_show = true;
      }
}

} // namespace clearance::services
