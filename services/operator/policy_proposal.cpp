#include "services/operator/policy_proposal.hpp"

#include "protocol/operator/name.hpp"
#include "protocol/operator/policy_inquiry.hpp"
#include "protocol/text/text.hpp"
#include "protocol/text/utc.hpp"

#include <algorithm>
#include <chrono>

namespace clearance::services {

namespace {

constexpr auto proposal_lifetime = std::chrono::days{30};

std::string day_of_time(std::int64_t microseconds) {
  return protocol::extended_utc(std::chrono::sys_seconds{std::chrono::seconds{
                                    microseconds / 1'000'000}})
      .substr(0, 10);
}

// Escapes of JSON strings are those of TOML's basic strings.
std::string toml_text(std::string_view x) {
  std::string result;
  protocol::append_json(result, x);
  return result;
}

bool is_flagged(const std::string& target) {
  protocol::policy_inquiry asked;
  asked.set_target(target);
  return !asked.question().flags.empty();
}

} // namespace

void policy_proposal::add(const protocol::audit_line& x) {
  if (x.event != to_string(protocol::audit_event::decision_result)
      || x.by_kind != to_string(protocol::decider::kind::operator_client)
      || x.result != to_string(protocol::decision_result::applied))
    return;
  // Spellings of one name are one target.
  auto name = protocol::canonical_name(x.target).value_or(x.target);
  auto& to = tallies_[{std::move(name), x.action}];
  to.first = to.count == 0 ? x.time : std::min(to.first, x.time);
  to.last = std::max(to.last, x.time);
  to.containers.insert(x.container);
  ++to.count;
}

std::string policy_proposal::text(std::int64_t now) const {
  std::size_t flagged = 0;
  std::set<std::string> mixed;
  std::string rules;
  const auto expires = day_of_time(
      now
      + std::chrono::duration_cast<std::chrono::microseconds>(proposal_lifetime)
            .count());
  for (const auto& [key, x] : tallies_) {
    const auto& [target, action] = key;
    const auto other = action == "allow" ? "deny" : "allow";
    if (tallies_.contains({target, other})) {
      mixed.insert(target);
      continue;
    }
    if (is_flagged(target)) {
      ++flagged;
      continue;
    }
    const auto times =
        std::to_string(x.count) + (x.count == 1 ? " time" : " times");
    rules.append("\n# ").append(action).append(" ").append(times);
    rules.append(" in ").append(std::to_string(x.containers.size()));
    rules.append(x.containers.size() == 1 ? " container" : " containers");
    rules.append(", ").append(day_of_time(x.first));
    rules.append(" to ").append(day_of_time(x.last)).append("\n");
    if (x.containers.size() > 1)
      rules += "# The rule is for all containers; `on = { project = \"...\" }` "
               "limits it.\n";
    rules += "[[rule]]\n";
    auto rule_name = action;
    rule_name.append(" ").append(target);
    rules.append("name = ").append(toml_text(rule_name)).append("\n");
    // Nothing loads the rule before a person has said why.
    rules += "why = \"\" # say why\n";
    if (x.containers.size() == 1)
      rules +=
          "on = { container = " + toml_text(*x.containers.begin()) + " }\n";
    rules += "to = [" + toml_text(target) + "]\n";
    rules += "action = " + toml_text(action) + "\n";
    rules += "expires = " + expires + "\n";
  }
  std::string result =
      "# Proposed by `terok-clearance policy propose` from what operators "
      "decided.\n# Read each rule, say why in it, and remove what you do not "
      "want. A hub takes\n# the file when every rule says why.\n";
  if (!mixed.empty())
    result += "# Not here, because allowed and denied: "
              + std::to_string(mixed.size())
              + (mixed.size() == 1 ? " target\n" : " targets\n");
  if (flagged > 0)
    result += "# Not here, because a person should look each time (addresses, "
              "flagged names): "
              + std::to_string(flagged)
              + (flagged == 1 ? " target\n" : " targets\n");
  result += "version = 1\n";
  return result + rules;
}

} // namespace clearance::services
