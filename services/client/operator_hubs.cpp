#include "services/client/operator_hubs.hpp"

#include "protocol/operator/client_limits.hpp"
#include "protocol/text/text.hpp"
#include "services/client/wall_time.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

namespace clearance::services {

namespace {

using namespace std::chrono_literals;

/// How often to look where the kernel does not say that something changed.
constexpr auto blind_look_interval = 5s;

const call_result no_such_hub{"this hub is gone", {}};
const call_result not_with_older{
    "this hub keeps no prompts, so it has no history and explains nothing: "
    "start it with serve --prompts",
    {}};

} // namespace

operator_hubs::operator_hubs(operator_hubs_config config,
                             protocol::prompt_list& list)
    : config_(std::move(config)),
      list_(list),
      finder_(config_.clearance_sockets, config_.clearance_sockets.empty()
                                             ? config_.runtime_directory
                                             : std::string{}) {
  // nop
}

bool operator_hubs::is_asked_for(const std::string& path) const {
  const auto& paths = config_.clearance_sockets;
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

void operator_hubs::look(time_point now) {
  looked_ = now;
  left_out_ = 0;
  const auto found = finder_.look();
  auto wanted = config_.clearance_sockets;
  wanted.insert(wanted.end(), found.begin(), found.end());
  for (const auto& path : wanted) {
    if (links_.contains(path))
      continue;
    if (links_.size() >= protocol::client_limits::followed_hubs_max) {
      ++left_out_;
      continue;
    }
    links_.emplace(std::piecewise_construct, std::forward_as_tuple(path),
                   std::forward_as_tuple(path, config_.client, list_));
  }
  for (auto i = links_.begin(); i != links_.end();) {
    auto& [path, link] = *i;
    const bool there =
        std::find(found.begin(), found.end(), path) != found.end();
    if (!there && !link.connected() && !is_asked_for(path)) {
      list_.remove_hub(path);
      auto gone = links_.extract(i++);
      gone.mapped().end_calls();
      continue;
    }
    link.seen(there, now);
    ++i;
  }
}

void operator_hubs::append(std::vector<pollfd>& to) const {
  to.push_back({finder_.fd(), POLLIN, 0});
  for (const auto& [path, link] : links_)
    link.append(to);
}

void operator_hubs::handle(std::span<const pollfd> entries, time_point now) {
  bool must_look = finder_.blind() && now - looked_ >= blind_look_interval;
  for (const auto& x : entries) {
    if (x.revents == 0)
      continue;
    if (x.fd == finder_.fd())
      must_look = true;
    else
      for (auto& [path, link] : links_)
        link.ready(x.fd, now);
  }
  for (auto& [path, link] : links_) {
    const bool was_connected = link.connected();
    link.tick(now);
    must_look = must_look || (was_connected && !link.connected());
  }
  if (must_look)
    look(now);
}

std::optional<time_point> operator_hubs::due() const {
  std::optional<time_point> result;
  if (finder_.blind())
    result = looked_ + blind_look_interval;
  for (const auto& [path, link] : links_)
    if (auto at = link.due(); at && (!result || *at < *result))
      result = at;
  return result;
}

operator_link* operator_hubs::link_of(const std::string& hub) {
  const auto i = links_.find(hub);
  return i == links_.end() ? nullptr : &i->second;
}

void operator_hubs::decide(const protocol::prompt_key& prompt,
                           std::int64_t revision, protocol::action action,
                           std::string_view reason,
                           std::function<void(const decision_outcome&)> take,
                           time_point now) {
  auto done = [this, hub = prompt.hub,
               take = std::move(take)](const call_result& x) {
    const auto outcome = outcome_of_decision(x, wall_microseconds());
    if (outcome.prompt)
      list_.refresh(hub, *outcome.prompt);
    take(outcome);
  };
  auto* link = link_of(prompt.hub);
  if (link == nullptr) {
    done(no_such_hub);
    return;
  }
  if (!link->is_older()) {
    link->decide(
        decide_call_text(prompt, revision, action, reason, config_.client),
        std::move(done), now);
    return;
  }
  const auto* entry = list_.find(prompt);
  const auto block = link->block_of(prompt.id);
  if (entry == nullptr || !block) {
    done({"it is gone, nothing was decided", {}});
  } else if (entry->prompt.revision != revision) {
    call_result changed;
    changed.answer.error = "org.terok.ClearanceOperator1.PromptChanged";
    done(changed);
  } else {
    link->decide(verdict_call_text(*block, action), std::move(done), now);
  }
}

void operator_hubs::quiet(const std::string& hub, std::string_view container,
                          bool on, call_queue::taker take, time_point now) {
  look_up(hub, quiet_call_text(container, on), std::move(take), now);
}

void operator_hubs::explain(const protocol::prompt_key& prompt,
                            call_queue::taker take, time_point now) {
  look_up(prompt.hub, explain_call_text(prompt.id), std::move(take), now);
}

void operator_hubs::history(const std::string& hub, call_queue::taker take,
                            time_point now) {
  look_up(hub, history_call_text(), std::move(take), now);
}

void operator_hubs::rules(const std::string& hub, call_queue::taker take,
                          time_point now) {
  look_up(hub, rules_call_text(), std::move(take), now);
}

void operator_hubs::look_up(const std::string& hub, std::string message,
                            call_queue::taker take, time_point now) {
  auto* link = link_of(hub);
  if (link == nullptr)
    take(no_such_hub);
  else if (link->is_older())
    take(not_with_older);
  else
    link->look_up(std::move(message), std::move(take), now);
}

std::string hub_label(std::string_view path) {
  auto name = path.substr(path.rfind('/') + 1); // npos + 1 is 0
  if (name == "hub.sock" && name.size() < path.size()) {
    auto directory = path.substr(0, path.size() - name.size() - 1);
    name = directory.substr(directory.rfind('/') + 1);
  } else if (name.ends_with(".sock")) {
    name.remove_suffix(5);
  }
  return protocol::escaped(name.empty() ? path : name);
}

} // namespace clearance::services
