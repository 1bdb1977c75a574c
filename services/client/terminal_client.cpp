#include "services/client/terminal_client.hpp"

#include "services/client/interactive.hpp"
#include "services/client/other_program.hpp"
#include "services/client/plain.hpp"
#include "services/process/exit_code.hpp"

#include <string_view>
#include <utility>

namespace clearance::services {

namespace {

std::string_view color_word(color_when x) {
  switch (x) {
  case color_when::automatic:
    return "auto";
  case color_when::always:
    return "always";
  case color_when::never:
    return "never";
  }
  return {};
}

int execute_tui(const terminal_config& config) {
  std::vector<std::string> words{"--color",
                                 std::string{color_word(config.color)}};
  if (config.mouse)
    words.emplace_back("--mouse");
  for (const auto& socket : config.clearance_sockets) {
    words.emplace_back("--clearance-socket");
    words.push_back(socket);
  }
  for (const auto& host : config.hosts) {
    words.emplace_back("--host");
    words.push_back(host);
  }
  return execute_program(
      "terok-clearance-tui", std::move(words),
      "the terminal interface is the program terok-clearance-tui, which was "
      "found neither beside this program nor on PATH; install the package "
      "terok-clearance-tui, or use `terok-clearance --plain`");
}

} // namespace

int terminal_client(const terminal_config& config) {
  if (config.is_plain)
    return services::plain({config.clearance_sockets, config.runtime_directory,
                            config.hosts, config.json});
  if (is_interactive())
    return execute_tui(config);
  complain("the terminal interface needs a terminal with TERM set, as stdin "
           "and stdout; use --plain for lines of text");
  return exit_usage;
}

} // namespace clearance::services
