#include "services/clearance/interface_command_line.hpp"

#include "services/cli/usage.hpp"
#include "services/process/paths.hpp"

#include <map>
#include <string>

namespace clearance::services {

namespace {

const std::map<std::string, color_when> interface_colors{
    {"auto", color_when::automatic},
    {"always", color_when::always},
    {"never", color_when::never},
};

void add_hub_sockets(CLI::App& sub, std::vector<std::string>& to) {
  sub.add_option("--clearance-socket", to)
      ->allow_extra_args(false)
      ->check([](const std::string& word) -> std::string {
        if (word.empty())
          return "must not be empty";
        return word.size() > socket_path_max_bytes
                   ? "is longer than a socket's path may be"
                   : "";
      });
}

} // namespace

void add_terminal_options(CLI::App& sub, terminal_config& config) {
  add_hub_sockets(sub, config.clearance_sockets);
  auto* plain = sub.add_flag("--plain", config.is_plain);
  sub.add_flag("--json", config.json)->needs(plain);
  sub.add_option_function<std::string>("--color",
                                       [&config](const std::string& word) {
                                         config.color = choice(
                                             "--color", word, interface_colors);
                                       })
      ->excludes(plain);
}

// terok-clearance-web judges the address.
void add_web_options(CLI::App& sub, web_client_config& config) {
  add_hub_sockets(sub, config.clearance_sockets);
  sub.add_option("--listen", config.listen)
      ->check([](const std::string& word) -> std::string {
        return word.empty() ? "must not be empty" : "";
      });
  sub.add_flag_callback("--no-open", [&config] { config.opens = false; });
}

} // namespace clearance::services
