#include "services/cli/usage.hpp"
#include "services/client/hub_name.hpp"
#include "services/process/paths.hpp"
#include "services/tui/tui.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace clearance::services {

namespace {

constexpr std::string_view tui_help_text = R"(
Usage: terok-clearance-tui [OPTION]...

Shows the prompts of all hubs on the terminal as they come and go, and decides
them. `?` shows the keys. `terok-clearance` starts this program.

Options:
  --clearance-socket PATH  the hub to follow; may be repeated (default: every
                           hub below $XDG_RUNTIME_DIR)
  --host HOST              follow the hubs of another machine, [USER@]HOST,
                           which ssh reaches, and not those of this one; may
                           be repeated
  --color WHEN             auto, always or never; auto uses colours unless
                           NO_COLOR is set (default: auto)
  --mouse                  a click selects, and the wheel scrolls; the terminal
                           then marks no text without Shift
  --config FILE            settings from a TOML file: clearance-socket, host,
                           color and mouse; options given here win
  --help                   show this text
  --version                show the version

Exit codes: 0 left, ended by a signal, or the terminal is gone; 1 the terminal
cannot be used; 2 wrong usage, or no terminal.
)";

const std::map<std::string, color_when> tui_colors{
    {"auto", color_when::automatic},
    {"always", color_when::always},
    {"never", color_when::never},
};

struct tui_parser {
  explicit tui_parser(const std::string& runtime) {
    config.runtime_directory = runtime;
    app.add_flag("--version", version);
    app.add_option("--clearance-socket", config.clearance_sockets)
        ->allow_extra_args(false)
        ->check([](const std::string& word) -> std::string {
          if (word.empty())
            return "must not be empty";
          return word.size() > socket_path_max_bytes
                     ? "is longer than a socket's path may be"
                     : "";
        });
    app.add_option("--host", config.hosts)
        ->allow_extra_args(false)
        ->check([](const std::string& word) { return host_fault(word); });
    app.add_option_function<std::string>(
        "--color", [this](const std::string& word) {
          config.color = choice("--color", word, tui_colors);
        });
    app.add_flag("--mouse", config.mouse);
  }

  CLI::App app{"", "terok-clearance-tui"};
  tui_config config;
  bool version = false;
};

} // namespace

std::string_view tui_help() noexcept {
  return tui_help_text.substr(1); // without the literal's first line break
}

tui_command parse_tui_command_line(const std::vector<std::string>& words,
                                   const std::string& runtime) {
  tui_parser p{runtime};
  if (auto other = take_words(
          p.app, words, [](std::string_view) { return tui_help(); }, p.version,
          [] {}))
    return std::move(*other);
  auto& paths = p.config.clearance_sockets;
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return std::move(p.config);
}

config_judge tui_command_judge(const std::string& runtime) {
  return {
      {}, options_of(tui_parser{runtime}.app), [runtime](const auto& words) {
        return fault_of(parse_tui_command_line(words, runtime));
      }};
}

} // namespace clearance::services
