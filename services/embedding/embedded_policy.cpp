#include "services/embedding/embedded_policy.hpp"

#include "protocol/operator/limits.hpp"
#include "services/operator/hub_policy.hpp"
#include "services/operator/policy_file.hpp"
#include "services/operator/public_suffix.hpp"

#include <caf/event_based_actor.hpp>

#include <exception>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::actors::embedding {

namespace operator_limits = protocol::operator_limits;
using protocol::policy_fault;
using protocol::policy_part;
using load_result = std::variant<policy_part, policy_fault>;

namespace {

/// Collects the parts of a policy. Throws the first fault, which read_all()
/// catches.
class part_collector {
public:
  void add(load_result x) {
    if (auto* fault = std::get_if<policy_fault>(&x))
      throw std::move(*fault);
    parts_.push_back(std::get<policy_part>(std::move(x)));
  }

  std::vector<policy_part> take() { return std::move(parts_); }

private:
  std::vector<policy_part> parts_;
};

void check_text(const face::policy_text& x) {
  constexpr auto max = operator_limits::policy_file_max_bytes;
  if (x.text.size() > max)
    throw policy_fault{x.name, 0, "",
                       "is larger than " + std::to_string(max) + " bytes"};
}

load_result read_all(const face::policy_source& source) try {
  const auto is_suffix = services::public_suffixes();
  part_collector parts;
  std::vector<services::policy_directory> directories;
  for (const auto& path : source.directories) {
    if (!path.starts_with('/'))
      throw policy_fault{path, 0, "", "is no absolute path of a directory"};
    directories.push_back({path, true});
  }
  parts.add(services::load_policy(directories, is_suffix));
  if (source.texts.size() > operator_limits::policy_files_max)
    throw policy_fault{source.texts.back().name, 0, "",
                       "is one too many; there are at most "
                           + std::to_string(operator_limits::policy_files_max)
                           + " texts"};
  for (const auto& each : source.texts) {
    check_text(each);
    parts.add(services::parse_policy(each.name, each.text, is_suffix));
  }
  parts.add(read_own_rules(source, is_suffix));
  return protocol::combine(parts.take());
} catch (const policy_fault& x) {
  return x;
}

} // namespace

policy_load load_policy_of(const face::policy_source& source) {
  auto result = read_all(source);
  policy_load load;
  if (const auto* fault = std::get_if<policy_fault>(&result)) {
    load.status.fault = to_face(*fault);
  } else {
    const auto& part = std::get<policy_part>(result);
    load.status.ok = true;
    load.status.rules = static_cast<std::int64_t>(part.rules.rules.size());
    for (const auto& each : part.warnings)
      load.status.warnings.push_back(to_face(each));
  }
  load.what = services::loaded_policy(std::move(result));
  load.status.state = load.what.state;
  return load;
}

void load_policy_elsewhere(caf::actor_system& system,
                           face::policy_source source,
                           std::function<void(policy_load)> done) {
  auto work = [](caf::event_based_actor*, const face::policy_source& from,
                 const std::function<void(policy_load)>& tell) {
    policy_load result;
    try {
      result = load_policy_of(from);
    } catch (const std::exception& x) {
      result = {};
      result.status.fault.reason = x.what();
      result.what.state = "could not be loaded: " + result.status.fault.reason;
      result.status.state = result.what.state;
    }
    tell(std::move(result));
  };
  system.spawn<caf::detached>(work, std::move(source), std::move(done));
}

} // namespace clearance::actors::embedding
