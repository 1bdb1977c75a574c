#include "services/client/terminal_client.hpp"

#include "actors/io/process/find_program.hpp"
#include "protocol/text/error_text.hpp"
#include "services/client/interactive.hpp"
#include "services/client/plain.hpp"
#include "services/process/exit_code.hpp"

#include <cerrno>
#include <string_view>
#include <unistd.h>

namespace clearance::services {

namespace {

constexpr auto tui_name = "terok-clearance-tui";

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

int no_tui() {
  complain("the terminal interface is the program terok-clearance-tui, which "
           "was found neither beside this program nor on PATH; install the "
           "package terok-clearance-tui, or use `terok-clearance --plain`");
  return exit_failed;
}

/// Only returns if it cannot be executed.
int execute_tui(const terminal_config& config) {
  const auto path = io::find_program(tui_name);
  if (path.empty())
    return no_tui();
  std::vector<std::string> words{tui_name, "--color",
                                 std::string{color_word(config.color)}};
  for (const auto& socket : config.clearance_sockets) {
    words.emplace_back("--clearance-socket");
    words.push_back(socket);
  }
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(path.c_str(), arguments.data());
  const auto why = protocol::error_text(errno);
  complain("cannot execute " + shown(path) + ": " + why);
  return exit_failed;
}

} // namespace

int terminal_client(const terminal_config& config) {
  if (config.is_plain)
    return services::plain(
        {config.clearance_sockets, config.runtime_directory, config.json});
  if (is_interactive())
    return execute_tui(config);
  complain("the terminal interface needs a terminal with TERM set, as stdin "
           "and stdout; use --plain for lines of text");
  return exit_usage;
}

} // namespace clearance::services
