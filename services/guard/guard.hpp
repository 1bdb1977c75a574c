/// What `terok-guard` can be told to do, as values.
#pragma once

#include "protocol/hub/event.hpp"
#include "services/cli/config_file.hpp"
#include "services/cli/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <variant>
#include <vector>

namespace clearance::services {

/// Where the lines about blocks go.
enum class guard_emit : std::uint8_t {
  socket, ///< to the hub
  json,   ///< to stdout
};

/// What a blocked connection gets.
enum class on_block : std::uint8_t {
  reject, ///< a refusal, at once
  hold,   ///< nothing, while a hub is there and it may still be allowed
};

/// `attach`: guard a namespace that exists.
struct guard_attach {
  pid_t pid = 0;
  std::string netns;            ///< a namespace's file; empty: `pid` is known
  std::string engine;           ///< podman or docker; empty: `pid` is known
  std::string engine_container; ///< what the engine calls the container
  std::string container;        ///< empty: the engine's short id
  std::string name;
  std::string hub; ///< the hub's socket for readers; empty: the default one
  guard_emit emit = guard_emit::socket;
  protocol::dossier dossier;
  std::string dns; ///< the name server; empty: the machine's
  on_block blocked = on_block::reject;
  bool unsafe = false; ///< also a container that can change the firewall
};

/// `run`: start a command in namespaces of its own, and guard it.
struct guard_run {
  std::string container; ///< empty: a name is made up
  std::string hub;       ///< as in guard_attach
  protocol::dossier dossier;
  std::vector<std::string> open; ///< allowed from the start
  std::string dns;               ///< the name server; empty: the machine's
  /// A process of the user's: COMMAND is connected to its network namespace
  /// alone. 0: to the outside.
  pid_t neighbour = 0;
  on_block blocked = on_block::reject;
  std::vector<std::string> command;
};

/// `reader`: read what the firewall of somebody else blocks.
struct guard_reader {
  std::string state_directory; ///< of terok-shield, for this container
  std::string container;
  std::string container_id; ///< the whole one; empty: `container` names it
  std::string hub;          ///< as in guard_attach
  guard_emit emit = guard_emit::socket;
  std::string annotations; ///< JSON
};

/// `allow` and `deny`.
struct guard_verdict {
  bool allow = false;
  std::string container;
  std::string dest;
  std::optional<std::chrono::seconds> time; ///< nothing: for ever
};

/// `up` and `down`.
struct guard_mode_change {
  bool up = true;
  std::string container;
};

struct guard_capabilities_call {};
struct guard_list {};
struct guard_rules {
  std::string container;
};

using guard_command =
    std::variant<outcome, guard_run, guard_attach, guard_reader, guard_verdict,
                 guard_mode_change, guard_capabilities_call, guard_list,
                 guard_rules>;

/// Judges the words behind the program's name. Reads neither files nor the
/// environment.
guard_command parse_guard_command_line(const std::vector<std::string>& words);

/// How a configuration file of `terok-guard` is judged.
config_judge guard_judge();

/// These run the subcommands and return the exit code.
int run_guard_run(const guard_run& call);
int run_guard_attach(const guard_attach& call);
int run_guard_reader(const guard_reader& call);
int run_guard_verdict(const guard_verdict& call);
int run_guard_mode(const guard_mode_change& call);
int run_guard_capabilities();
int run_guard_list();
int run_guard_rules(const guard_rules& call);

} // namespace clearance::services
