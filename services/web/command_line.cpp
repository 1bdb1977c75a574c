#include "services/cli/usage.hpp"
#include "services/process/paths.hpp"
#include "services/web/web.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace clearance::services {

namespace {

constexpr std::string_view web_help_text = R"(
Usage: terok-clearance-web [OPTION]...

Shows the prompts of all hubs as a page in your browser, and decides them there.
The page is served on this machine alone, to whoever has the link that is
printed; the link works once. `terok-clearance web` starts this program.

Options:
  --clearance-socket PATH  the hub to follow; may be repeated (default: every
                           hub below $XDG_RUNTIME_DIR)
  --listen ADDRESS         the address of 127.0.0.0/8 to serve on, with `:` and
                           a port behind it if that matters (default: a random
                           address, and a free port)
  --no-open                print the link, and start no browser
  --config FILE            settings from a TOML file: clearance-socket, listen
                           and no-open; options given here win
  --help                   show this text
  --version                show the version

Exit codes: 0 ended by a signal; 1 the address cannot be used; 2 wrong usage.
)";

constexpr auto listen_fault =
    "must be an address of 127.0.0.0/8, such as 127.0.0.1 or 127.0.0.1:8080: "
    "the page is for this machine alone";

struct web_parser {
  explicit web_parser(const std::string& runtime) {
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
    app.add_option_function<std::string>(
        "--listen", [this](const std::string& word) { listen(word); });
    app.add_flag_callback("--no-open", [this] { config.opens = false; });
  }

  void listen(const std::string& word) {
    const auto colon = std::min(word.find(':'), word.size());
    config.address = word.substr(0, colon);
    in_addr parsed{};
    if (::inet_pton(AF_INET, config.address.c_str(), &parsed) != 1
        || (ntohl(parsed.s_addr) >> 24) != 127)
      throw bad_value("--listen", listen_fault);
    if (colon == word.size())
      return;
    const auto* begin = word.data() + colon + 1;
    const auto* end = word.data() + word.size();
    const auto [at, error] = std::from_chars(begin, end, config.port);
    if (error != std::errc{} || at != end || config.port == 0)
      throw bad_value("--listen", "the port must be a number from 1 to 65535");
  }

  CLI::App app{"", "terok-clearance-web"};
  web_config config;
  bool version = false;
};

} // namespace

std::string_view web_help() noexcept {
  return web_help_text.substr(1); // without the literal's first line break
}

web_command parse_web_command_line(const std::vector<std::string>& words,
                                   const std::string& runtime) {
  web_parser p{runtime};
  if (auto other = take_words(
          p.app, words, [](std::string_view) { return web_help(); }, p.version,
          [] {}))
    return std::move(*other);
  auto& paths = p.config.clearance_sockets;
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return std::move(p.config);
}

config_judge web_command_judge(const std::string& runtime) {
  return {
      {}, options_of(web_parser{runtime}.app), [runtime](const auto& words) {
        return fault_of(parse_web_command_line(words, runtime));
      }};
}

} // namespace clearance::services
