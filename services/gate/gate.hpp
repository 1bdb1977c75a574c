/// What `terok-gate` can be told to do, as values.
#pragma once

#include "protocol/text/address_port.hpp"
#include "services/cli/config_file.hpp"
#include "services/cli/outcome.hpp"
#include "services/process/log_level.hpp"
#include "services/sandbox/sandbox_mode.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace clearance::services {

/// Where to listen: one of these three.
struct gate_passed {}; ///< on a socket that systemd passes
struct gate_socket {
  std::string path;
};
using gate_port = protocol::address_port;

struct gate_options {
  std::string mirror_root;
  std::string scope;       ///< with one token
  std::string token_file;  ///< empty: from the environment
  std::string grants_file; ///< instead of scope and token
  std::variant<gate_passed, gate_socket, gate_port> listen;
  bool allow_remote = false;
  std::string hooks_path;  ///< empty: no hook runs
  std::string home;        ///< empty: a private one is made
  std::string backup_days; ///< empty: the default
  std::string metrics;     ///< see metrics_server; empty: none are served
  sandbox_mode sandbox = sandbox_mode::automatic;
  log_level level = log_level::info;
};

/// Which hook git runs us as.
enum class gate_hook { pre_receive, post_receive };

struct gate_hook_call {
  gate_hook which;
  bool check = false; ///< only look whether the hook can run
};

struct gate_hooks_install {
  std::string directory;
};

/// What to do with backups.
enum class gate_backups { list, restore, expire };

struct gate_backups_call {
  gate_backups action = gate_backups::list;
  std::string repository; ///< a path
  std::string name;       ///< the backup; of expire a backup or a ref, or empty
  std::chrono::seconds max_age{};
};

/// What the program that an idle gate runs does.
struct gate_tend_call {
  std::string mirror_root;
  std::vector<std::string> scopes; ///< as grants have them, `*` too
  std::chrono::seconds max_age{};  ///< of a backup
};

using gate_command =
    std::variant<outcome, gate_options, gate_hook_call, gate_hooks_install,
                 gate_backups_call, gate_tend_call>;

/// Parses the words behind the program's name. Reads neither files nor the
/// environment.
gate_command parse_gate_command_line(const std::vector<std::string>& words);

/// How a configuration file of `terok-gate` is judged.
config_judge gate_judge();

/// Serves until it is stopped. Returns the exit code.
int run_gate(const gate_options& options);

/// Runs in the repository, as git says; stdin has the pushed refs. Returns the
/// exit code: of post-receive always 0.
int run_gate_hook(const gate_hook_call& call);

/// Writes the hooks into a directory, which is made with its parents if it is
/// not there. A hook that is there already with the same text is left alone.
/// Returns the exit code.
int install_gate_hooks(const std::string& directory);

} // namespace clearance::services
