#include "services/clearance/option_words.hpp"

#include "services/client/hub_name.hpp"
#include "services/process/paths.hpp"

namespace clearance::services {

const std::map<std::string, color_when> color_words{
    {"auto", color_when::automatic},
    {"always", color_when::always},
    {"never", color_when::never},
};

const std::map<std::string, protocol::action> action_words{
    {"allow", protocol::action::allow},
    {"deny", protocol::action::deny},
};

std::string not_empty(const std::string& word) {
  return word.empty() ? "must not be empty" : "";
}

std::string socket_path(const std::string& word) {
  if (word.size() > socket_path_max_bytes)
    return "is longer than the " + std::to_string(socket_path_max_bytes)
           + " bytes that a socket's path may have";
  return not_empty(word);
}

CLI::Option* add_word(CLI::App& app, const std::string& name,
                      std::string& target,
                      std::string (*check)(const std::string&)) {
  return app.add_option(name, target)->check(check);
}

CLI::Option* add_hosts(CLI::App& app, std::vector<std::string>& hosts) {
  return app.add_option("--host", hosts)
      ->allow_extra_args(false)
      ->check([](const std::string& word) { return host_fault(word); });
}

std::int64_t port_number(const std::string& word) {
  constexpr std::int64_t max = 65535;
  if (auto value = number<std::int64_t>(word, 0, max))
    return *value;
  throw bad_value("--port", no_number<std::int64_t>(word, 0, max));
}

std::pair<std::string, std::string> dossier_entry(const std::string& word) {
  auto at = word.find('=');
  if (at == std::string::npos)
    throw bad_value("--dossier", "`" + word + "` is no KEY=VALUE");
  return {word.substr(0, at), word.substr(at + 1)};
}

} // namespace clearance::services
