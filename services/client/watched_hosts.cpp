#include "services/client/watched_hosts.hpp"

#include "services/cli/terminal.hpp"
#include "services/client/hub_name.hpp"

namespace clearance::services {

using protocol::link_status;

watched_hosts::watched_hosts(const std::vector<std::string>& hosts, sayer say)
    : say_(say) {
  for (const auto& host : hosts)
    links_.try_emplace(
        host, host, [this, host](link_status status, const std::string& why) {
          take(host, status, why);
        });
}

void watched_hosts::take(const std::string& host, link_status status,
                         const std::string& why) {
  auto& last = said_[host];
  std::string text;
  switch (status) {
  case link_status::loading:
    if (!last.empty())
      return; // it was said why it is away
    text = "connecting to " + shown(host) + " by ssh";
    break;
  case link_status::current:
    if (links_.at(host).hubs().empty())
      text = "no hub on " + shown(host) + " yet; waiting for one";
    break;
  case link_status::absent:
    text = why + "; trying again";
    break;
  }
  if (std::exchange(last, text) != text && !text.empty())
    say_(text);
}

std::map<std::string, watched_hosts::sighting> watched_hosts::hubs() {
  std::map<std::string, sighting> result;
  for (auto& [host, link] : links_)
    for (const auto& path : link.hubs()) {
      auto name = hub_name(host, path);
      hub_route route{name, [&link = link, path] { return link.connect(path); },
                      [&link = link] { return link.why(); }};
      result.try_emplace(std::move(name),
                         sighting{std::move(route), link.epoch()});
    }
  return result;
}

void watched_hosts::append(std::vector<pollfd>& to) const {
  for (const auto& [host, link] : links_)
    link.append(to);
}

bool watched_hosts::handle(std::span<const pollfd> entries, time_point now) {
  bool result = false;
  for (auto& [host, link] : links_)
    result = link.handle(entries, now) || result;
  return result;
}

std::optional<time_point> watched_hosts::due() const {
  std::optional<time_point> result;
  for (const auto& [host, link] : links_)
    if (const auto at = link.due(); at && (!result || *at < *result))
      result = at;
  return result;
}

} // namespace clearance::services
