#include "services/clearance/interface_command_line.hpp"

#include "services/clearance/option_words.hpp"

#include <string>
#include <vector>

namespace clearance::services {

namespace {

void add_hub_sockets(CLI::App& sub, std::vector<std::string>& to) {
  sub.add_option("--clearance-socket", to)
      ->allow_extra_args(false)
      ->check(socket_path);
}

} // namespace

void add_terminal_options(CLI::App& sub, terminal_config& config) {
  add_hub_sockets(sub, config.clearance_sockets);
  add_hosts(sub, config.hosts);
  auto* plain = sub.add_flag("--plain", config.is_plain);
  sub.add_flag("--json", config.json)->needs(plain);
  add_choice(sub, "--color", config.color, color_words)->excludes(plain);
  sub.add_flag("--mouse", config.mouse)->excludes(plain);
}

// terok-clearance-web judges the address.
void add_web_options(CLI::App& sub, web_client_config& config) {
  add_hub_sockets(sub, config.clearance_sockets);
  sub.add_option("--listen", config.listen)->check(not_empty);
  sub.add_flag_callback("--no-open", [&config] { config.opens = false; });
}

} // namespace clearance::services
