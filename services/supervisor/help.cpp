#include "services/supervisor/help.hpp"

namespace clearance::services {

namespace {

// Written by hand, as those of terok-clearance are; see help.cpp.
constexpr std::string_view supervisor_text = R"(
Usage: terok-supervisor SUBCOMMAND [OPTION]...

Runs the services of containers: a clearance hub, a verdict executor and, where
a sidecar wires one, a git gate. A sidecar is the JSON file that is written when
a container is created.

Subcommands:
  run              the services of all containers, in this process
  supervise-child  one service of one container, in this process

Options:
  --config FILE    behind a subcommand: settings from a TOML file. An option
                   is a key of the same name in the section of its
                   subcommand: [run] sidecar-dir = "/run/d". The whole file
                   is checked before anything starts; options given here win
  --help           show this text; `terok-supervisor SUBCOMMAND --help` for more
  --version        show the version

Exit codes: 0 stopped by a signal; 1 broke while running; 2 wrong usage or a bad
sidecar; 4 could not start.
)";

constexpr std::string_view run_text = R"(
Usage: terok-supervisor run --sidecar-dir DIR [OPTION]...

Serves every container that has a sidecar in DIR, from the sidecar's appearance
to its end or the end of the container's first process (init_pid). A service
that fails is started again, 100 ms later and then twice as long each time, up
to 30 s; no other service notices.

A sidecar's name ends in .json and does not begin with a dot. It is ours, closed
to group and others, and no symbolic link. Write it whole and move it there, or
write it in place: it is read when its writer closes it. It needs container_id;
of two whose ids begin with the same 12 digits the second is refused until the
first is gone. A sidecar that becomes bad changes nothing.

This process executes verdicts, which need podman: it is not confined. One
container's debugger setting (allow_debugger) does not count here.

Options:
  --sidecar-dir DIR  where the sidecars are
  --shield PATH      the program that changes the firewall (default:
                     terok-shield, beside this program, then on PATH)
  --log-level LEVEL  debug, info, warning or error (default: info)
  --config FILE      settings, as TOML; see terok-supervisor --help
  --help             show this text

Each container may hold 4096 open requests in 2 MiB, 64 connected readers, 256
connected clients, 128 of them subscribers, and 8 git processes at a time.

SIGTERM and SIGINT: git transfers that run get 4 seconds, all else ends; a
second one ends at once. SIGUSR1: counters to the log, which goes to stderr;
when that is the journal, entries have fields: CONTAINER=, REQUEST_ID=,
TEROK_...=. systemd is told when each container that has a sidecar at the start
is served or has failed (Type=notify), how many there are, and within
WatchdogSec= that the supervisor goes on.
)";

constexpr std::string_view supervise_child_text = R"(
Usage: terok-supervisor supervise-child SERVICE CONTAINER_ID SIDECAR [OPTION]...

Runs one service of one container until SIGTERM, or until the thread that
started it ends. SERVICE is one of:
  verdict    executes verdicts; needs podman, so it is not confined
  clearance  the hub
  gate       the git gate

The process cannot be traced and leaves no core. Clearance and gate keep the
system's files and their own sockets, the gate also its bare repository
(Landlock), and the system calls that they make (seccomp); what this kernel
cannot do is a warning. A sidecar with allow_debugger leaves the process
traceable and unconfined.

Options:
  --shield PATH      of verdict: the program that changes the firewall
                     (default: terok-shield, beside this program, then on PATH)
  --log-level LEVEL  debug, info, warning or error (default: info)
  --config FILE      settings, as TOML; see terok-supervisor --help
  --help             show this text

Exit codes: 0 stopped by a signal; 1 broke while running; 2 wrong usage or a bad
sidecar; 4 could not start, or the parent was gone already.
)";

} // namespace

std::string_view supervisor_help_of(std::string_view subcommand) noexcept {
  std::string_view text;
  if (subcommand.empty())
    text = supervisor_text;
  else if (subcommand == "run")
    text = run_text;
  else if (subcommand == "supervise-child")
    text = supervise_child_text;
  return text.empty() ? text : text.substr(1); // the literal's first line break
}

} // namespace clearance::services
