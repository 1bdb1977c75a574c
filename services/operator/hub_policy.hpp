/// The policy of a running hub: where its files are, and how they are loaded
/// again.
#pragma once

#include "actors/hub/hub.hpp"
#include "actors/operator/prompts.hpp"
#include "services/operator/policy_file.hpp"
#include "services/operator/policy_setting.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clearance::services {

/// The directories to read, in this order: those that were named, or
/// /etc/terok-clearance/policy.d and terok-clearance/policy.d below the
/// configuration directory `xdg`, or below `home`/.config. Both may be null, as
/// in the environment; relative ones are ignored. Source: operator.md,
/// section 4.
std::vector<policy_directory> policy_directories(const policy_setting& setting,
                                                 const char* xdg,
                                                 const char* home);

/// The same of this process.
std::vector<policy_directory> policy_directories(const policy_setting& setting);

/// What operators are told after a load, in words. Warnings go to the log.
actors::policy_loaded
loaded_policy(std::variant<protocol::policy_part, protocol::policy_fault> load);

/// Loads the files, and says in words what is in force then. Blocks.
actors::policy_loaded
load_hub_policy(const std::vector<policy_directory>& directories);

/// Gives the hubs of a process their policy. Copies share their state.
class hub_policy {
public:
  explicit hub_policy(std::vector<policy_directory> directories);

  /// A hub gets operators, and they get the policy as soon as they run: the one
  /// that was loaded last. Call load() before. The hub's actors end before the
  /// process does.
  void give_to(actors::hub_config& hub, actors::prompts_config prompts) const;

  /// Loads the files and tells the operators of all hubs. For any thread.
  /// Returns false: nobody has to be waited for.
  bool load() const;

  /// The same on SIGHUP. If no directory is read, nothing is loaded; if the
  /// program has no audit trail either, the log says as `part` that the signal
  /// changes nothing.
  bool reload(std::string_view part, bool has_trail) const;

  const std::vector<policy_directory>& directories() const noexcept;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace clearance::services
