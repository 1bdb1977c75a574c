#include "services/clearance/policy_command_line.hpp"

#include "actors/base/wall_clock.hpp"
#include "services/cli/usage.hpp"
#include "services/operator/audit_time.hpp"

#include <charconv>
#include <map>
#include <set>
#include <system_error>

namespace clearance::services {

namespace {

// Which options an action takes.
const std::map<std::string, std::set<std::string>> policy_actions{
    {"check", {}},
    {"explain", {"--container", "--to", "--address", "--port", "--dossier"}},
    {"test", {}},
    {"propose", {"--since"}},
};

std::string said_something(const std::string& word) {
  return word.empty() ? "must not be empty" : "";
}

std::int64_t policy_port(const std::string& word) {
  std::int64_t result = 0;
  const auto* end = word.data() + word.size();
  const auto [at, failed] = std::from_chars(word.data(), end, result);
  if (failed != std::errc{} || at != end || result < 0 || result > 65535)
    throw bad_value("--port", "`" + word + "` is no number from 0 to 65535");
  return result;
}

template <class Take>
void add_each(CLI::App& sub, const char* option, Take take) {
  sub.add_option_function<std::vector<std::string>>(
         option,
         [take](const std::vector<std::string>& words) {
           for (const auto& word : words)
             take(word);
         })
      ->allow_extra_args(false);
}

} // namespace

void add_prompt_options(CLI::App& sub, bool& is_without_prompts,
                        policy_setting& policy) {
  auto* no_prompts = sub.add_flag("--no-prompts", is_without_prompts);
  auto* no_policy = sub.add_flag("--no-policy", policy.is_off);
  sub.add_option("--policy", policy.directories)
      ->allow_extra_args(false)
      ->check(said_something)
      ->excludes(no_policy)
      ->excludes(no_prompts);
}

void add_policy_options(CLI::App& sub, policy_words& words) {
  sub.add_option_function<std::string>("ACTION", [&words](
                                                     const std::string& word) {
    if (!policy_actions.contains(word))
      throw bad_value(
          "ACTION", "`" + word + "` is none of check, explain, propose, test");
    words.action = word;
  });
  sub.add_option("PATH", words.paths)->check(said_something);
  sub.add_option("--container", words.asked.container)->check(said_something);
  sub.add_option("--to", words.asked.target)->check(said_something);
  add_each(sub, "--address", [&words](const std::string& word) {
    words.asked.addresses.push_back(word);
  });
  add_each(sub, "--port", [&words](const std::string& word) {
    words.asked.ports.push_back(policy_port(word));
  });
  add_each(sub, "--dossier", [&words](const std::string& word) {
    const auto at = word.find('=');
    if (at == std::string::npos)
      throw bad_value("--dossier", "`" + word + "` is no KEY=VALUE");
    words.asked.dossier.emplace_back(word.substr(0, at), word.substr(at + 1));
  });
  sub.add_option_function<std::string>("--since", [&words](
                                                      const std::string& word) {
    const auto time = parse_audit_time(word, actors::wall_clock_now());
    if (!time)
      throw bad_value("--since", "`" + word
                                     + "` is no time; write 7d, 12h, 30m, "
                                       "2027-01-31 or 2027-01-31T12:00:00Z");
    words.since = *time;
  });
}

[[noreturn]] void refuse_option(const std::string& option,
                                const std::string& action) {
  throw usage_fault(option + " is for the action " + action,
                    usage_error::kind::together, {"ACTION", option});
}

policy_command finish_policy(const CLI::App& sub, const policy_words& words) {
  if (sub.count("ACTION") == 0)
    throw missing("one of check, explain, propose and test is required");
  for (const auto& [action, options] : policy_actions)
    for (const auto& option : options)
      if (sub.count(option) > 0
          && !policy_actions.at(words.action).contains(option))
        refuse_option(option, action);
  policy_setting where;
  where.directories = words.paths;
  if (words.action == "check")
    return policy_check_config{where};
  if (words.action == "propose")
    return policy_propose_config{words.paths, words.since};
  if (words.action == "explain") {
    if (words.asked.target.empty())
      throw missing("explain needs --to");
    auto result = words.asked;
    result.where = where;
    return result;
  }
  if (words.paths.empty())
    throw missing("test needs a file");
  policy_test_config result;
  result.file = words.paths.front();
  where.directories.erase(where.directories.begin());
  result.where = where;
  return result;
}

} // namespace clearance::services
