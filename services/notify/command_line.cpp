#include "services/cli/usage.hpp"
#include "services/notify/notify.hpp"
#include "services/process/paths.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace clearance::services {

namespace {

constexpr std::string_view notify_help_text = R"(
Usage: terok-clearance-notify [OPTION]...
       terok-clearance-notify --send [-t MS] SUMMARY [BODY]

Shows on the desktop what containers wait for, from all hubs: one notification
for each container, or one summary if more than three wait. Allow and Deny are
on it if there is one prompt and nothing is odd about it; else Open starts the
terminal interface. `terok-clearance notify` starts this program.

Options:
  --clearance-socket PATH  the hub to follow; may be repeated (default: every
                           hub below $XDG_RUNTIME_DIR)
  --open COMMAND           what Open starts, for the shell (default:
                           x-terminal-emulator -e terok-clearance)
  --quiet-hours HOURS      show nothing at this time, and a digest after it:
                           22:00-07:00 (default: never)
  --send                   show one notification, print its id, and end
  --timeout MS             with --send: how long it is shown, in milliseconds;
                           0: until it is closed; also -t (default: the desktop
                           decides)
  --config FILE            settings from a TOML file: clearance-socket, open and
                           quiet-hours; options given here win
  --help                   show this text
  --version                show the version

TEROK_CLEARANCE_NOTIFY_EVENTS says what is shown, with commas between: blocked,
verdict (what was decided, and by whom), or all. Empty: nothing.

A notification that is closed, or that expires, is no answer.

Exit codes: 0 ended by a signal, or sent; 1 broken, or not sent; 2 wrong usage.
)";

struct notify_parser {
  explicit notify_parser(const std::string& runtime_directory)
      : runtime(runtime_directory) {
    add_notify_options(app, words);
  }

  notify_command finish() const {
    return std::visit([](auto&& x) -> notify_command { return x; },
                      judged(words, runtime));
  }

  std::string runtime;
  CLI::App app{"", "terok-clearance-notify"};
  notify_words words;
};

std::int32_t milliseconds_of(const std::string& text) {
  if (text.empty())
    return -1;
  std::int32_t result = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, result);
  if (at != end || error != std::errc{} || result < -1)
    throw bad_value("--timeout", "`" + text + "` is no number of milliseconds");
  return result;
}

} // namespace

std::string_view notify_help() noexcept {
  return notify_help_text.substr(1); // without the literal's first line break
}

void add_notify_options(CLI::App& app, notify_words& to) {
  const auto not_empty = [](const std::string& word) -> std::string {
    return word.empty() ? "must not be empty" : "";
  };
  app.add_option("--clearance-socket", to.clearance_sockets)
      ->allow_extra_args(false)
      ->check([not_empty](const std::string& word) {
        return word.size() > socket_path_max_bytes
                   ? "is longer than a socket's path may be"
                   : not_empty(word);
      });
  app.add_option("--open", to.open_command)->check(not_empty);
  app.add_option("--quiet-hours", to.quiet_hours)
      ->check([](const std::string& word) -> std::string {
        return quiet_hours::parse(word)
                   ? ""
                   : "`" + word + "` is no time like 22:00-07:00";
      });
  app.add_flag("--send", to.sends);
  app.add_flag("--version", to.shows_version);
  app.add_option("--timeout,-t", to.timeout);
  // Not 0: behind `--` CLI11 would then give the texts to the parent.
  app.add_option("WORDS", to.texts)->expected(1, 2);
}

std::variant<notify_config, notify_send_config>
judged(const notify_words& x, const std::string& runtime) {
  const auto milliseconds = milliseconds_of(x.timeout);
  if (x.sends) {
    if (x.texts.empty())
      throw missing("--send needs a SUMMARY");
    return notify_send_config{x.texts[0], x.texts.size() > 1 ? x.texts[1] : "",
                              milliseconds};
  }
  if (!x.texts.empty())
    throw usage_fault("The following argument was not expected: "
                      + x.texts.front());
  if (!x.timeout.empty())
    throw missing("--timeout says nothing without --send");
  notify_config result;
  result.clearance_sockets = x.clearance_sockets;
  result.runtime_directory = runtime;
  result.open_command = x.open_command;
  result.quiet = quiet_hours::parse(x.quiet_hours);
  auto& paths = result.clearance_sockets;
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return result;
}

// Each value behind its `=`, and texts behind `--`: none of them is taken for
// an option.
std::vector<std::string> words_of(const notify_words& x) {
  std::vector<std::string> result;
  for (const auto& path : x.clearance_sockets)
    result.push_back("--clearance-socket=" + path);
  result.push_back("--open=" + x.open_command);
  if (!x.quiet_hours.empty())
    result.push_back("--quiet-hours=" + x.quiet_hours);
  if (x.sends)
    result.emplace_back("--send");
  if (x.shows_version)
    result.emplace_back("--version");
  if (!x.timeout.empty())
    result.push_back("--timeout=" + x.timeout);
  if (!x.texts.empty())
    result.emplace_back("--");
  result.insert(result.end(), x.texts.begin(), x.texts.end());
  return result;
}

notify_command parse_notify_command_line(const std::vector<std::string>& words,
                                         const std::string& runtime) {
  notify_parser p{runtime};
  notify_command result;
  if (auto other = take_words(
          p.app, words, [](std::string_view) { return notify_help(); },
          p.words.shows_version, [&] { result = p.finish(); }))
    return std::move(*other);
  return result;
}

config_judge notify_command_judge(const std::string& runtime) {
  return {
      {}, options_of(notify_parser{runtime}.app), [runtime](const auto& words) {
        return fault_of(parse_notify_command_line(words, runtime));
      }};
}

notification_choice choice_of(const char* words,
                              std::vector<std::string>& unknown) {
  notification_choice result;
  if (words == nullptr)
    return result;
  result = {false, false};
  std::string word;
  const auto take = [&] {
    if (word == "blocked" || word == "all")
      result.blocked = true;
    if (word == "verdict" || word == "all")
      result.verdict = true;
    else if (!word.empty() && word != "blocked" && word != "shield"
             && word != "container")
      unknown.push_back(word);
    word.clear();
  };
  for (const auto* c = words; *c != '\0'; ++c) {
    if (*c == ',' || *c == ' ' || *c == '\t' || *c == '\n')
      take();
    else
      word += *c;
  }
  take();
  return result;
}

} // namespace clearance::services
