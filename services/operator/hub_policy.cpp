#include "services/operator/hub_policy.hpp"

#include "actors/base/log.hpp"
#include "services/operator/public_suffix.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <list>
#include <mutex>
#include <utility>
#include <variant>

namespace clearance::services {

namespace {

constexpr const char* policy_subdirectory = "/terok-clearance/policy.d";

bool is_absolute(const char* path) noexcept {
  return path != nullptr && *path == '/';
}

} // namespace

std::vector<policy_directory> policy_directories(const policy_setting& setting,
                                                 const char* xdg,
                                                 const char* home) {
  std::vector<policy_directory> result;
  if (setting.is_off)
    return result;
  for (const auto& path : setting.directories)
    result.push_back({path, true});
  if (!result.empty())
    return result;
  result.push_back({std::string{"/etc"} + policy_subdirectory, false});
  if (is_absolute(xdg))
    result.push_back({std::string{xdg} + policy_subdirectory, false});
  else if (is_absolute(home))
    result.push_back(
        {std::string{home} + "/.config" + policy_subdirectory, false});
  return result;
}

std::vector<policy_directory>
policy_directories(const policy_setting& setting) {
  // Read once, before any thread is started.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  return policy_directories(setting, std::getenv("XDG_CONFIG_HOME"),
                            // NOLINTNEXTLINE(concurrency-mt-unsafe)
                            std::getenv("HOME"));
}

actors::policy_loaded loaded_policy(
    std::variant<protocol::policy_part, protocol::policy_fault> load) {
  if (const auto* fault = std::get_if<protocol::policy_fault>(&load))
    return {nullptr, "could not be loaded: " + to_string(*fault)};
  auto part = std::get<protocol::policy_part>(std::move(load));
  constexpr std::size_t warnings_said_max = 16;
  for (std::size_t i = 0; i < std::min(part.warnings.size(), warnings_said_max);
       ++i)
    log(actors::severity::warning, "policy",
        "a wildcard of the policy means names of many owners",
        {{"fault", to_string(part.warnings[i])}});
  auto rules = std::move(part.rules);
  const auto count = rules.rules.size();
  auto state = count == 0   ? std::string{"no rules"}
               : count == 1 ? std::string{"1 rule"}
                            : std::to_string(count) + " rules";
  if (const auto n = part.warnings.size(); n > 0)
    state += "; " + std::to_string(n)
             + (n == 1 ? " wildcard is" : " wildcards are")
             + " over a public suffix";
  state += "; what no rule matches is ";
  state +=
      rules.fallback == protocol::policy_action::deny ? "left denied" : "asked";
  return {std::make_shared<const protocol::policy>(std::move(rules)),
          std::move(state)};
}

actors::policy_loaded
load_hub_policy(const std::vector<policy_directory>& directories) {
  if (directories.empty())
    return {std::make_shared<const protocol::policy>(),
            "no policy is read: every prompt waits for a person"};
  return loaded_policy(load_policy(directories, public_suffixes()));
}

struct hub_policy::state {
  const std::vector<policy_directory> directories;
  std::mutex mutex;
  actors::policy_loaded last;
  std::list<actors::prompts_actor> hubs; // each until it ends
};

hub_policy::hub_policy(std::vector<policy_directory> directories)
    : state_(new state{std::move(directories), {}, {}, {}}) {
  // nop
}

void hub_policy::give_to(actors::hub_config& hub,
                         actors::prompts_config prompts) const {
  hub.spawn_operators =
      [shared = state_, spawn = std::move(prompts)](actors::operators_place x) {
        auto config = spawn;
        config.io = x.io;
        config.registry = std::move(x.registry);
        config.executor = std::move(x.executor);
        config.hub = std::move(x.hub);
        config.audit = std::move(x.audit);
        config.board = std::move(x.board);
        auto result = actors::spawn_prompts(*x.io, std::move(config));
        const std::lock_guard guard{shared->mutex};
        auto told = shared->last;
        told.is_logged = shared->hubs.empty();
        const auto place = shared->hubs.insert(shared->hubs.end(), result);
        // An actor is dropped on its own thread, so it is not dropped later.
        caf::actor_cast<caf::abstract_actor*>(result)->attach_functor(
            [shared, place](const caf::error&) {
              const std::lock_guard ended{shared->mutex};
              shared->hubs.erase(place);
            });
        caf::anon_send(result, std::move(told));
        return actors::operators_actor{result};
      };
}

bool hub_policy::load() const {
  auto loaded = load_hub_policy(state_->directories);
  const std::lock_guard guard{state_->mutex};
  state_->last = std::move(loaded);
  auto told = state_->last;
  for (const auto& each : state_->hubs) {
    caf::anon_send(each, told);
    told.is_logged = false;
  }
  return false;
}

bool hub_policy::reload(std::string_view part, bool has_trail) const {
  if (!state_->directories.empty())
    return load();
  if (!has_trail)
    log(actors::severity::info, part,
        "SIGHUP changes nothing: the program reads no policy and has no audit "
        "trail",
        {{"to_change", "give --policy DIR or --audit"}});
  return false;
}

const std::vector<policy_directory>& hub_policy::directories() const noexcept {
  return state_->directories;
}

} // namespace clearance::services
