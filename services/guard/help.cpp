#include "services/guard/help.hpp"

#include <utility>

namespace clearance::services {

namespace {

// Written by hand, like the texts in services/clearance/help.cpp.
constexpr std::string_view guard_text = R"(
Usage: terok-guard SUBCOMMAND [OPTION]...

A firewall for containers that denies connections by default, tells a clearance
hub what it blocked, and changes when the hub's verdict says so. It works in the
network namespace of a container that runs, without podman and without nft, or
it makes the container itself.

Subcommands:
  run           start a program behind a firewall of its own
  attach        guard the namespace of a running process
  reader        report what the firewall of terok-shield blocks
  allow         let a guarded container connect to a destination
  deny          refuse a destination, and end its open connections
  capabilities  show what verdicts can say, one word a line
  rules         show the firewall of a guarded container
  up            block what was not allowed
  down          let everything pass that was not denied
  list          show the guarded containers

Options:
  --config FILE    after a subcommand: read settings from a TOML file. The key
                   for an option is the option's name, in the section of the
                   subcommand: [attach] emit = "json". The whole file is checked
                   before anything starts. An option on the command line
                   overrides the file
  --help           show this text; `terok-guard SUBCOMMAND --help` for more
  --version        show the version

CONTAINER is the id of a guarded container, the first 12 characters of the id,
or the container's name.

Exit codes: 0 done; 1 refused or failed; 2 wrong usage. Those of run are
COMMAND's; see terok-guard run --help.
)";

constexpr std::string_view run_text = R"(
Usage: terok-guard run [OPTION]... -- COMMAND [ARGUMENT]...

Runs COMMAND in namespaces of its own, as the same user, behind a firewall that
denies every connection until a verdict allows it. No privilege is needed. The
firewall is there before COMMAND starts, and COMMAND cannot change it. pasta (of
the package passt) connects it to the outside.

If no hub runs, one is started for this run, and a line says how to follow it.

Names are looked up through terok-guard: an allowed name is open wherever it
leads, except to private, loopback and link-local addresses.

COMMAND sees no other processes, no $XDG_RUNTIME_DIR but an empty one, and no
socket of a desktop, a terminal or a container engine. It can read and write the
user's files; see SECURITY in terok-guard(1).

Options:
  --name NAME        what the hub calls the container: 1 to 64 letters, digits,
                     dots, underscores and hyphens (default: a random name,
                     which is printed)
  --open DEST        allow an address, a network (ADDRESS/BITS), a name, or all
                     names below one (**.NAME) from the start; may be repeated
  --hub PATH         the hub's socket for readers; no hub is started
                     (default: $XDG_RUNTIME_DIR/terok-shield-events.sock)
  --dossier KEY=VALUE  what is known of the task, for people; may be repeated
  --dns ADDRESS      the name server that names are looked up at (default: the
                     machine's first one; with --private none)
  --private PID      connect COMMAND to the network namespace of this process of
                     yours, and to nothing else; without pasta
  --on-block WAY     reject: a blocked connection is refused at once; hold: it
                     waits for a verdict, at most 120 s, while a hub is there
                     (default: reject)
  --config FILE      settings, as TOML; see terok-guard --help
  --help             show this text

Exit codes: COMMAND's; 128 and the number of the signal that ended it; 125 it
was not started; 126 it cannot be executed; 127 there is no such program; 2
wrong usage.
)";

constexpr std::string_view attach_text = R"(
Usage: terok-guard attach --pid PID --container ID [OPTION]...
       terok-guard attach --netns PATH --container ID [OPTION]...
       terok-guard attach --podman NAME | --docker NAME [OPTION]...

Loads the firewall into the network namespace of a process, and tells the hub of
each connection that it blocks, until the process ends. The firewall is loaded
before anything else can fail. It stays when the guard ends or is killed: the
namespace is then closed, and a later attach goes on with the same verdicts.

The process may belong to a rootless container of yours; then no privilege is
needed. A process that can have CAP_NET_ADMIN or CAP_SYS_ADMIN over its network
namespace is refused: it could go around the firewall. So is one that can have
CAP_NET_RAW, where the kernel has AF_XDP sockets.

One line is sent for each address and protocol in 30 s. If the hub is away,
blocks are told when it is there and they happen again.

Options:
  --pid PID          the container's first process
  --podman NAME      the container of this name or id; podman says which process
                     it has
  --docker NAME      the same for docker
  --netns PATH       the file of the network namespace; its first process is then
                     the container's
  --container ID     what the hub calls the container: 1 to 64 letters, digits,
                     dots, underscores and hyphens (default: its short id at
                     podman or docker)
  --name NAME        another name, for the subcommands that take CONTAINER
  --hub PATH         the hub's socket for readers
                     (default: $XDG_RUNTIME_DIR/terok-shield-events.sock)
  --emit WAY         socket: lines go to the hub; json: to stdout
                     (default: socket)
  --dossier KEY=VALUE  what is known of the task, for people; may be repeated
  --on-block WAY     reject: a blocked connection is refused at once; hold: it
                     waits for a verdict, at most 120 s, while a hub is there
                     (default: reject)
  --dns ADDRESS      the name server that allowed names are looked up at
                     (default: the machine's first one)
  --unsafe           guard a process that could go around the firewall, too
  --config FILE      settings, as TOML; see terok-guard --help
  --help             show this text
)";

constexpr std::string_view reader_text = R"(
Usage: terok-guard reader STATE_DIR CONTAINER [OPTION]...

Tells the hub of each connection that the firewall of a container blocks, until
the container ends or the reader is stopped. It changes no rules: it stands in
place of the reader of terok-shield, and takes the same words, so that a hook of
the container engine can start it.

CONTAINER is what the hub calls the container. podman says which process it has.
STATE_DIR is the directory that terok-shield has for the container; names are
read from the file dnsmasq.log in it.

Options:
  --container-id ID   the container's whole id: podman is asked for it, and lines
                      go to the hub of this container
  --hub PATH          the hub's socket for readers
                      (default: with --container-id
                      $XDG_RUNTIME_DIR/terok/events/SHORT_ID/ingester.sock or
                      SHORT_ID.sock, else
                      $XDG_RUNTIME_DIR/terok-shield-events.sock)
  --hub-socket PATH   the same as --hub
  --emit WAY          socket: lines go to the hub; json: to stdout
                      (default: socket)
  --annotations JSON  what is known of the task, for people, as an object. Its
                      member meta_path names a file with more of it, which is
                      read for each block. What is no such object is ignored
  --config FILE       settings, as TOML; see terok-guard --help
  --help              show this text
)";

constexpr std::string_view allow_text = R"(
Usage: terok-guard allow CONTAINER DEST [OPTION]...

Lets the container connect to DEST: an address, a network (ADDRESS/BITS) or a
name. The name stays allowed wherever it leads later: in a container of
`terok-guard run` at once, where `**.NAME` also means all names below NAME; in
others while `attach` runs, which looks it up again, so that a first connection
to a new address may be refused. Public addresses alone are allowed; private, loopback and
link-local ones are not, because whoever answers for a name must not open your
own network.

Options:
  --for SECONDS      forget it after this time (default: never)
  --config FILE      settings, as TOML; see terok-guard --help
  --help             show this text
)";

constexpr std::string_view deny_text = R"(
Usage: terok-guard deny CONTAINER DEST [OPTION]...

Refuses DEST, an address, a network (ADDRESS/BITS) or a name, and tells nobody
when it is tried again. Open connections to an address that is denied end. An
allowed address in a denied network stays allowed.

Options:
  --for SECONDS      forget it after this time (default: never)
  --config FILE      settings, as TOML; see terok-guard --help
  --help             show this text
)";

constexpr std::string_view capabilities_text = R"(
Usage: terok-guard capabilities [OPTION]...

Shows what verdicts can say, one word a line, for the hub.

Options:
  --config FILE      settings, as TOML; see terok-guard --help
  --help             show this text
)";

constexpr std::string_view rules_text = R"(
Usage: terok-guard rules CONTAINER [OPTION]...

Shows the firewall of a guarded container, as the kernel has it.

Options:
  --config FILE      settings, as TOML; see terok-guard --help
  --help             show this text
)";

constexpr std::string_view up_text = R"(
Usage: terok-guard up CONTAINER [OPTION]...

Blocks what was not allowed. This is how a container is guarded from the start.

Options:
  --config FILE      settings, as TOML; see terok-guard --help
  --help             show this text
)";

constexpr std::string_view down_text = R"(
Usage: terok-guard down CONTAINER [OPTION]...

Lets everything pass that was not denied. Nothing is blocked and told until
`terok-guard up`. Allowed and denied destinations are kept.

Options:
  --config FILE      settings, as TOML; see terok-guard --help
  --help             show this text
)";

constexpr std::string_view list_text = R"(
Usage: terok-guard list [OPTION]...

Shows the guarded containers, one a line: id, name or -, its process, whether
the firewall is up or down, how many destinations are allowed and denied. A
destination with a time limit is not counted.

Options:
  --config FILE      settings, as TOML; see terok-guard --help
  --help             show this text
)";

constexpr std::pair<std::string_view, std::string_view> guard_texts[] = {
    {"", guard_text},        {"run", run_text},
    {"attach", attach_text}, {"reader", reader_text},
    {"allow", allow_text},   {"deny", deny_text},
    {"rules", rules_text},   {"capabilities", capabilities_text},
    {"up", up_text},         {"down", down_text},
    {"list", list_text},
};

} // namespace

std::string_view guard_help_of(std::string_view subcommand) noexcept {
  for (const auto& [name, text] : guard_texts)
    if (name == subcommand)
      return text.substr(1); // the line break at the literal's beginning
  return {};
}

} // namespace clearance::services
