#include "services/client/operator_hubs.hpp"

#include "protocol/operator/client_limits.hpp"
#include "services/client/socket_owner.hpp"
#include "services/client/unix_socket.hpp"
#include "services/client/wall_time.hpp"
#include "services/process/paths.hpp"

#include <cerrno>
#include <chrono>
#include <sys/stat.h>
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
    "start it without --no-prompts",
    {}};

} // namespace

operator_hubs::operator_hubs(operator_hubs_config config,
                             protocol::prompt_list& list)
    : config_(std::move(config)),
      list_(list),
      finder_(config_.clearance_sockets,
              config_.clearance_sockets.empty() && config_.hosts.empty()
                  ? config_.runtime_directory
                  : std::string{}) {
  for (const auto& host : config_.hosts)
    hosts_.try_emplace(
        host, host,
        [this, host](protocol::link_status status, const std::string& why) {
          list_.set_host(host, status, why);
        });
}

std::string runtime_fault(const std::vector<std::string>& clearance_sockets,
                          const std::vector<std::string>& hosts,
                          const std::string& runtime_directory) {
  const auto path = default_clearance_socket(runtime_directory);
  return clearance_sockets.empty() && hosts.empty()
                 && path.size() > socket_path_max_bytes
             ? cannot_connect(path, {ENAMETOOLONG})
             : std::string{};
}

std::map<std::string, operator_hubs::sighting> operator_hubs::look_around() {
  std::map<std::string, sighting> result;
  auto paths = config_.clearance_sockets;
  const auto found = finder_.look();
  paths.insert(paths.end(), found.begin(), found.end());
  for (const auto& path : paths) {
    sighting x{route_of_socket(path), {}, "there is no hub yet"};
    struct stat file {};
    if (::stat(path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode))
      x.there.emplace(file);
    auto name = x.route.name;
    result.try_emplace(std::move(name), std::move(x));
  }
  for (auto& [host, link] : hosts_)
    for (const auto& path : link.hubs()) {
      sighting x{{hub_name(host, path),
                  [&link = link, path] { return link.connect(path); },
                  [&link = link] { return link.why(); }},
                 socket_identity{},
                 {}};
      x.there->inode = link.epoch();
      auto name = x.route.name;
      result.try_emplace(std::move(name), std::move(x));
    }
  return result;
}

void operator_hubs::look(time_point now) {
  looked_ = now;
  left_out_ = 0;
  auto wanted = look_around();
  for (auto& [name, x] : wanted) {
    if (links_.contains(name))
      continue;
    if (links_.size() >= protocol::client_limits::followed_hubs_max) {
      ++left_out_;
      continue;
    }
    auto& link =
        links_
            .emplace(std::piecewise_construct, std::forward_as_tuple(name),
                     std::forward_as_tuple(x.route, config_.client, list_))
            .first->second;
    link.set_attends(attends_, now);
  }
  for (auto i = links_.begin(); i != links_.end();) {
    auto& [name, link] = *i;
    const auto seen = wanted.find(name);
    const auto* host = host_of(name);
    if (seen != wanted.end()) {
      link.seen(seen->second.there, seen->second.why_not, now);
    } else if (host != nullptr && !host->connected()) {
      link.seen({}, host->why(), now);
    } else if (!link.connected()) {
      list_.remove_hub(name);
      auto gone = links_.extract(i++);
      gone.mapped().end_calls();
      continue;
    }
    ++i;
  }
}

const host_link* operator_hubs::host_of(const std::string& hub) const {
  for (const auto& [host, link] : hosts_)
    if (hub.starts_with(hub_name(host, "/")))
      return &link;
  return nullptr;
}

void operator_hubs::set_attends(bool attends, time_point now) {
  attends_ = attends;
  for (auto& [name, link] : links_)
    link.set_attends(attends, now);
}

void operator_hubs::append(std::vector<pollfd>& to) const {
  to.push_back({finder_.fd(), POLLIN, 0});
  for (const auto& [host, link] : hosts_)
    link.append(to);
  for (const auto& [name, link] : links_)
    link.append(to);
}

void operator_hubs::handle(std::span<const pollfd> entries, time_point now) {
  bool must_look = finder_.blind() && now - looked_ >= blind_look_interval;
  for (auto& [host, link] : hosts_)
    must_look = link.handle(entries, now) || must_look;
  for (const auto& x : entries) {
    if (x.revents == 0)
      continue;
    if (x.fd == finder_.fd())
      must_look = true;
    else
      for (auto& [name, link] : links_)
        link.ready(x.fd, now);
  }
  for (auto& [name, link] : links_) {
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
  const auto add = [&](const std::optional<time_point>& at) {
    if (at && (!result || *at < *result))
      result = at;
  };
  for (const auto& [host, link] : hosts_)
    add(link.due());
  for (const auto& [name, link] : links_)
    add(link.due());
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
                           time_point now,
                           std::optional<std::int64_t> seconds) {
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
    link->decide(decide_call_text(prompt, revision, action, reason,
                                  config_.client, seconds),
                 std::move(done), now);
    return;
  }
  if (seconds) {
    done({"the hub is older: it cannot end an allow, nothing was decided", {}});
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

hub_route route_of_socket(const std::string& path) {
  return {hub_name(path),
          [path]() -> std::variant<descriptor, std::string> {
            auto connected = connect_unix(path, 0ms);
            if (const auto* error = std::get_if<connect_error>(&connected))
              return cannot_connect(path, *error);
            return std::move(std::get<descriptor>(connected));
          },
          [path] { return foreign_owner(path); }};
}

} // namespace clearance::services
