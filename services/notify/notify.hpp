/// The program terok-clearance-notify: prompts on the desktop.
#pragma once

#include "services/cli/config_file.hpp"
#include "services/cli/outcome.hpp"
#include "services/notify/notification_plan.hpp"
#include "services/notify/quiet_hours.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace clearance::services {

struct notify_config {
  /// Empty: all hubs below the runtime directory.
  std::vector<std::string> clearance_sockets;
  std::string runtime_directory;
  /// What `Open` starts, for the shell.
  std::string open_command = "x-terminal-emulator -e terok-clearance";
  std::optional<quiet_hours> quiet;
};

/// `--send`: one notification of a script, and no hubs.
struct notify_send_config {
  std::string summary;
  std::string body;
  std::int32_t milliseconds = -1; ///< the server decides
};

using notify_command = std::variant<outcome, notify_config, notify_send_config>;

/// What the words say, before it is judged: for this program, and for
/// `terok-clearance notify`, which executes it.
struct notify_words {
  std::vector<std::string> clearance_sockets;
  std::string open_command = "x-terminal-emulator -e terok-clearance";
  std::string quiet_hours;
  bool sends = false;
  bool shows_version = false;
  std::string timeout;
  std::vector<std::string> texts; ///< SUMMARY and BODY
};

/// `to` lives as long as `app`.
void add_notify_options(CLI::App& app, notify_words& to);

/// Throws usage_fault.
std::variant<notify_config, notify_send_config>
judged(const notify_words& x, const std::string& runtime);

/// The same as words again.
std::vector<std::string> words_of(const notify_words& x);

/// Judges the words behind the program's name.
notify_command parse_notify_command_line(const std::vector<std::string>& words,
                                         const std::string& runtime);

/// How a configuration file of the program is judged.
config_judge notify_command_judge(const std::string& runtime);

std::string_view notify_help() noexcept;

/// What TEROK_CLEARANCE_NOTIFY_EVENTS says: words between commas or blanks, of
/// `blocked`, `verdict`, `shield` and `container`, or `all`; null: it is not
/// set. Words that are none of these are appended to `unknown`. Nothing is
/// shown of shields and containers.
notification_choice choice_of(const char* words,
                              std::vector<std::string>& unknown);

/// Runs until SIGINT or SIGTERM. Returns the exit code.
int notify(const notify_config& config);

} // namespace clearance::services
