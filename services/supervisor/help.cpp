#include "services/supervisor/help.hpp"

namespace clearance::services {

namespace {

// Written by hand, like the texts in services/clearance/help.cpp.
constexpr std::string_view supervisor_text = R"(
Usage: terok-supervisor SUBCOMMAND [OPTION]...

Runs the services of containers: a clearance hub, a verdict executor and, if the
sidecar asks for one, a git gate. A sidecar is the JSON file that is written
when a container is created.

Subcommands:
  run              run the services of all containers in this process
  supervisor       run all services of one container until it ends; the hook of
                   a container's runtime starts this
  supervise-child  run one service of one container in this process

Options:
  --config FILE    after a subcommand: read settings from a TOML file. The key
                   for an option is the option's name, in the section of the
                   subcommand: [run] sidecar-dir = "/run/d". The whole file is
                   checked before anything starts. An option on the command
                   line overrides the file
  --help           show this text; `terok-supervisor SUBCOMMAND --help` for more
  --version        show the version

Exit codes: 0 stopped by a signal; 1 failed while running; 2 wrong usage or a
bad sidecar; 3 no service could be started; 4 could not start.
)";

constexpr std::string_view run_all_text = R"(
Usage: terok-supervisor run --sidecar-dir DIR [OPTION]...

Serves every container that has a sidecar in DIR. The services start when the
sidecar appears. They end when it vanishes, or when the container's first
process (init_pid) ends. With --podman they start when podman says that the
container runs, and end when it does not. A service that fails is started again
after 100 ms; the delay doubles each time, up to 30 s. Other services are not
affected.

A sidecar's name ends in .json and does not begin with a dot. The file must
belong to you, must not be accessible to group and others, and must not be a
symbolic link. Write it elsewhere and move it there, or write it in place: it is
read when its writer closes it. container_id is required; with --podman the
container is also found by container_name. If the ids of two sidecars begin with
the same 12 digits, the second one is refused until the first one is gone. If a
sidecar becomes bad, its container is served as before.

This process executes verdicts, which need podman, so it has no sandbox.
allow_debugger in a sidecar has no effect here.

Options:
  --sidecar-dir DIR  the directory of the sidecars
  --podman           serve only containers that podman names as running, and
                     take their ids from podman; init_pid is not used
  --shield PATH      the program that changes the firewall (default: what
                     TEROK_SHIELD names, else terok-shield beside this program,
                     on PATH or in ~/.local/bin, else terok-guard)
  --selinux-type NAME
                     the type of the gate's socket, where SELinux is enabled
                     (default: terok_socket_t)
  --no-prompts       keep no prompts; see terok-clearance-prompts(1); excludes
                     --policy
  --policy DIR       read the rules of DIR/*.toml, which decide prompts without
                     a person; may be repeated (default:
                     /etc/terok-clearance/policy.d, then
                     $XDG_CONFIG_HOME/terok-clearance/policy.d)
  --no-policy        read no rules; excludes --policy
  --audit DIR        write an audit trail for each hub to DIR/ID.jsonl, or none
                     if DIR is `none` (default:
                     $XDG_STATE_HOME/terok-clearance/audit); see
                     terok-clearance-audit(1)
  --audit-sync       a verdict waits until its record is on the disk
  --audit-required   a verdict without its record is not executed
  --metrics WHERE    serve the counters of all containers together to
                     Prometheus, at the socket WHERE (a path with a /) or at a
                     port of this machine such as 127.0.0.1:9464 (default:
                     nowhere)
  --log-level LEVEL  debug, info, warning or error (default: info)
  --config FILE      settings, as TOML; see terok-supervisor --help
  --help             show this text

Each container may hold 4096 open requests in 2 MiB, 64 connected readers, 256
connected clients, 128 of them subscribers, and 8 git processes at a time.

SIGTERM and SIGINT stop the program: running git transfers get 4 seconds,
everything else ends at once. A second signal ends it at once. SIGHUP reads the
policy again and makes new files of audit trails that were renamed. SIGUSR1
writes the counters to the log, which is stderr. If that is the journal, entries
have the fields CONTAINER=, REQUEST_ID= and TEROK_...=. With Type=notify systemd
is told when each container that had a sidecar at the start is served or has
failed, and how many there are; with WatchdogSec= also that the supervisor runs.
)";

constexpr std::string_view parent_text = R"(
Usage: terok-supervisor supervisor CONTAINER_ID SIDECAR [PID] [OPTION]...

Runs all services of one container until the container ends or SIGTERM comes:
hub, verdict executor and, if the sidecar asks for one, git gate in this
process, and terok's own services vault and signer as children. CONTAINER_ID is
the container's id, or its name. PID is the container's first process: when it
ends, the container has ended. Without PID `podman wait CONTAINER_ID` is run.

A service that cannot start or that ends is started again after 100 ms; the
delay doubles each time, up to 30 s. Other services are not affected. At the end
all services get 5 seconds. Services that run longer are killed. The directory
that was mounted into the container for the gate's socket is removed.

This process executes verdicts, which need podman, so it has no sandbox.

Options:
  --isolate          run hub and gate in children that have a sandbox
  --delegate CMD     the command that starts vault and signer, its words
                     separated by spaces; the service's name, CONTAINER_ID and
                     SIDECAR are added. none: start none (default: python3 -P -m
                     terok_sandbox supervise-child, if that is installed)
  --shield PATH      the program that changes the firewall (default: what
                     TEROK_SHIELD names, else terok-shield beside this program,
                     on PATH or in ~/.local/bin, else terok-guard)
  --selinux-type NAME
                     the type of the gate's socket, where SELinux is enabled
                     (default: terok_socket_t)
  --no-prompts       keep no prompts; see terok-clearance-prompts(1); excludes
                     --policy
  --policy DIR       read the rules of DIR/*.toml, which decide prompts without
                     a person; may be repeated (default:
                     /etc/terok-clearance/policy.d, then
                     $XDG_CONFIG_HOME/terok-clearance/policy.d)
  --no-policy        read no rules; excludes --policy
  --audit DIR        write an audit trail for each hub to DIR/ID.jsonl, or none
                     if DIR is `none` (default:
                     $XDG_STATE_HOME/terok-clearance/audit); see
                     terok-clearance-audit(1)
  --audit-sync       a verdict waits until its record is on the disk
  --audit-required   a verdict without its record is not executed
  --metrics WHERE    serve the counters to Prometheus, at the socket WHERE (a
                     path with a /), at the socket WHERE/ID.sock if WHERE ends
                     in a /, or at a port of this machine such as
                     127.0.0.1:9464; with --isolate at WHERE/ID-clearance.sock
                     and WHERE/ID-gate.sock (default: nowhere)
  --log-level LEVEL  debug, info, warning or error (default: info)
  --config FILE      settings, as TOML; see terok-supervisor --help
  --help             show this text

SIGHUP reads the policy again and makes new files of audit trails that were
renamed. With --isolate it is passed on to the process of the hub.

Exit codes: 0 the container ended, or stopped by a signal; 1 failed while
running; 2 wrong usage or a bad sidecar; 3 no service could be started; 4 could
not start.
)";

constexpr std::string_view supervise_child_text = R"(
Usage: terok-supervisor supervise-child SERVICE CONTAINER_ID SIDECAR [OPTION]...

Runs one service of one container until SIGTERM, or until the thread that
started it ends. CONTAINER_ID is the container's id, or its name. A word
terok_sandbox before supervise-child is ignored: terok looks for it to find the
process. SERVICE is one of:
  verdict    executes verdicts; needs podman, so it has no sandbox
  clearance  the hub
  gate       the git gate

The process cannot be traced and leaves no core. Clearance and gate have a
sandbox: they reach only the system's files and their own sockets, the hub also
its audit trail, the gate its bare repository (Landlock), and make only the
system calls that they need (seccomp). A warning says what the kernel does not
support. If the sidecar has allow_debugger, the process can be traced and has no
sandbox.

Options:
  --shield PATH      for verdict: the program that changes the firewall
                     (default: what TEROK_SHIELD names, else terok-shield beside
                     this program, on PATH or in ~/.local/bin, else terok-guard)
  --selinux-type NAME
                     the type of the gate's socket, where SELinux is enabled
                     (default: terok_socket_t)
  --no-prompts       for clearance: keep no prompts; see
                     terok-clearance-prompts(1); excludes --policy
  --policy DIR       for clearance: read the rules of DIR/*.toml, which decide
                     prompts without a person; may be repeated (default:
                     /etc/terok-clearance/policy.d, then
                     $XDG_CONFIG_HOME/terok-clearance/policy.d)
  --no-policy        for clearance: read no rules; excludes --policy
  --audit DIR        for clearance: write an audit trail to DIR/ID.jsonl, or
                     none if DIR is `none` (default:
                     $XDG_STATE_HOME/terok-clearance/audit); see
                     terok-clearance-audit(1)
  --audit-sync       a verdict waits until its record is on the disk
  --audit-required   a verdict without its record is not executed
  --metrics WHERE    for clearance and gate: serve the counters to Prometheus,
                     at the socket WHERE (a path with a /), at the socket
                     WHERE/ID-SERVICE.sock if WHERE ends in a /, or at a port of
                     this machine such as 127.0.0.1:9464 (default: nowhere)
  --log-level LEVEL  debug, info, warning or error (default: info)
  --config FILE      settings, as TOML; see terok-supervisor --help
  --help             show this text

Exit codes: 0 stopped by a signal; 1 failed while running; 2 wrong usage or a
bad sidecar; 4 could not start, or the parent process had ended already.
)";

} // namespace

std::string_view supervisor_help_of(std::string_view subcommand) noexcept {
  std::string_view text;
  if (subcommand.empty())
    text = supervisor_text;
  else if (subcommand == "run")
    text = run_all_text;
  else if (subcommand == "supervisor")
    text = parent_text;
  else if (subcommand == "supervise-child")
    text = supervise_child_text;
  // removes the line break at the literal's beginning
  return text.empty() ? text : text.substr(1);
}

} // namespace clearance::services
