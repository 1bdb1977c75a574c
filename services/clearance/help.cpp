#include "services/clearance/help.hpp"

#include "services/clearance/operator_help.hpp"

// Written by hand and not made by CLI11: its layout differs from version to
// version, and a synopsis tells more than a list. A test holds the texts
// against the options that are parsed.
namespace clearance::services {

namespace {

constexpr std::string_view program_text = R"(
Usage: terok-clearance SUBCOMMAND [OPTION]...
       terok-clearance [--plain [--json]] [--clearance-socket PATH]...
                       [--host [USER@]HOST]...

Tells operators about connections that a container's firewall blocked, and
carries their verdicts back to the firewall.

Services:
  serve          run the hub
  serve-verdict  run the verdict helper, which alone calls terok-shield

Clients:
  tui            show the prompts and decide them; the same without a subcommand
                 on a terminal. --plain: as lines of text
  web            show the prompts and decide them in a browser
  notify         show the prompts on the desktop
  relay          pass on the hubs of this user to a client on another machine
  watch          show what happens, as it happens
  verdict        answer one blocked connection: allow or deny
  list           show the prompts: what operators are asked
  decide         answer one prompt: allow or deny
  history        show the last decisions, and who made them
  explain        show what the policy says about a prompt or a target
  policy         check, explain and test the files of a policy
  audit          read and check audit trails: who decided what
  emit           send events to the hub, as a reader does

Options:
  --config FILE  after a subcommand: settings from a TOML file. An option
                 is a key of the same name in the section of its
                 subcommand: [serve] log-level = "debug". The whole file is
                 checked before anything starts; options given here win
  --help         show this text; `terok-clearance SUBCOMMAND --help` for more
  --version      show the version

Where no socket is named they are looked for in $XDG_RUNTIME_DIR, or in
/run/user/UID when it is unset:
  terok-clearance.sock          operator clients
  terok-shield-events.sock      readers
  terok-clearance-verdict.sock  the verdict helper

Exit codes: 0 done; 1 refused, unreachable or broken; 2 wrong usage.
)";

constexpr std::string_view serve_text = R"(
Usage: terok-clearance serve [OPTION]...

Runs the hub until SIGINT or SIGTERM. Readers report blocked connections on
one socket, operators hear of them and answer on another; an answer is carried
out by the verdict helper, or by the hub itself with --inline-verdict.

Options:
  --clearance-socket PATH  where operators connect
                           (default: $XDG_RUNTIME_DIR/terok-clearance.sock)
  --reader-socket PATH     where readers connect
                           (default: $XDG_RUNTIME_DIR/terok-shield-events.sock)
  --verdict-socket PATH    where the verdict helper listens (default:
                           $XDG_RUNTIME_DIR/terok-clearance-verdict.sock)
  --inline-verdict         run terok-shield from the hub itself, without a
                           helper; excludes --verdict-socket
  --shield PATH            the program to run; needs --inline-verdict (default:
                           terok-shield, or terok-guard where there is none;
                           beside this program, then on PATH)
  --only-container ID      drop and count lines that name another container
                           (default: serve all)
  --sandbox MODE           auto, required or off, see below (default: auto);
                           excludes --inline-verdict
  --no-prompts             keep no prompts, for list and decide, and read no
                           rules; excludes --policy
  --policy DIR             read the rules of DIR/*.toml, which decide prompts
                           without a person; may be repeated (default:
                           /etc/terok-clearance/policy.d, then
                           $XDG_CONFIG_HOME/terok-clearance/policy.d)
  --no-policy              read no rules; excludes --policy
  --audit FILE             write every verdict and who asked for it to FILE, a
                           JSON object a line; `none` writes none (default:
                           $XDG_STATE_HOME/terok-clearance/audit/hub.jsonl, or
                           ID.jsonl with --only-container ID)
  --audit-sync             a verdict waits until its record is on the disk
  --audit-required         a verdict whose record cannot be written within 2
                           seconds fails and is not executed
  --metrics WHERE          serve the counters to Prometheus, at the socket WHERE
                           (a path with a /) or at a port of this machine such
                           as 127.0.0.1:9464 (default: nowhere)
  --log-level LEVEL        debug, info, warning or error (default: info)
  --config FILE            settings, as TOML; see terok-clearance --help
  --help                   show this text

At its start the hub enters a sandbox. It can gain no privileges. It can use no
files except the directories of its sockets, its audit trail, its policy and the
system's files (Landlock), and it can make only the system calls that it needs
(seccomp). What this kernel cannot do is a warning; with --sandbox required the
hub then does not start. With --inline-verdict there is no sandbox, because
terok-shield would not work in it; the log says so.

The sockets' directories must be yours and closed to all others (mode 0700).
Under systemd, sockets that it passes are served instead: one is named
`clearance`, one `reader`. It is told when both are served (Type=notify), and
within WatchdogSec= that the hub goes on.

The log says of every verdict who asked (uid, pid, command), for what, and what
came of it, whatever --log-level is. SIGHUP reads the policy again; if it has a
fault, the one of before stays in force. It also makes a new file of the audit
trail where the old one was renamed, as logrotate does. SIGUSR1 writes all
counters to the log.
The log goes to stderr; when that is the journal, entries have fields:
CONTAINER=, REQUEST_ID=, TEROK_...=.

Exit codes: 0 stopped by a signal; 1 could not start or broke; 2 wrong usage.
)";

constexpr std::string_view serve_verdict_text = R"(
Usage: terok-clearance serve-verdict [OPTION]...

Runs the verdict helper until SIGINT or SIGTERM. It runs
`terok-shield allow|deny CONTAINER DEST` when the hub asks it to, for at most
10 seconds, and keeps no state. It has no sandbox, because terok-shield would
not work in it.

Options:
  --socket PATH      where the hub connects (default:
                     $XDG_RUNTIME_DIR/terok-clearance-verdict.sock)
  --shield PATH      the program to run (default: terok-shield, or terok-guard
                     where there is none; beside this program, then on PATH)
  --log-level LEVEL  debug, info, warning or error (default: info)
  --config FILE      settings, as TOML; see terok-clearance --help
  --help             show this text

A socket named `verdict` that systemd passes is served instead; see
`terok-clearance serve --help`, also on the log.

Exit codes: 0 stopped by a signal; 1 could not start or broke; 2 wrong usage.
)";

constexpr std::string_view watch_text = R"(
Usage: terok-clearance watch [OPTION]...

Shows every event of a hub, one a line, and below a blocked connection the
command that answers it. Waits for a hub that is not there yet and comes back
to one that restarts; says so on stderr. Says there, too, when events may be
missing because this program was stopped or stdout took too long.

Options:
  --clearance-socket PATH  the hub to follow; may be repeated
                           (default: $XDG_RUNTIME_DIR/terok-clearance.sock)
  --all                    follow every hub below $XDG_RUNTIME_DIR as they come
                           and go: terok-clearance.sock,
                           terok/clearance/*/hub.sock, terok/clearance/*.sock
  --host HOST              follow all hubs of another machine, [USER@]HOST,
                           which ssh reaches, and those of this one only where
                           they are named; may be repeated
  --json                   one event a line as a JSON object, as the hub sent
                           it; all but ASCII is escaped
  --color WHEN             auto, always or never; auto colours a terminal
                           unless NO_COLOR is set; excludes --json
                           (default: auto)
  --count N                end after N events (default: never)
  --config FILE            settings, as TOML; see terok-clearance --help
  --help                   show this text

Bytes that are not printable ASCII are shown as \x1b; values that could be
mistaken for something else stand in double quotes.

Exit codes: 0 ended by a signal, by --count, or because nobody reads stdout any
more; 1 no hub is left that serves us, or stdout is closed; 2 wrong usage.
)";

constexpr std::string_view verdict_text = R"(
Usage: terok-clearance verdict REQUEST_ID DEST allow|deny --container ID
                               [--clearance-socket PATH]

Answers one blocked connection that the hub has announced. REQUEST_ID and ID
are those of the announcement; DEST is its domain, or its address if it has no
domain. `terok-clearance watch` prints the whole command. Waits up to 70 s for
the firewall.

Options:
  --container ID           the container that was blocked; required
  --clearance-socket PATH  the hub's socket
                           (default: $XDG_RUNTIME_DIR/terok-clearance.sock)
  --config FILE            settings, as TOML; see terok-clearance --help
  --help                   show this text

A word that starts with `-` goes behind `--`; a container like that is given
as --container=ID.

Exit codes: 0 applied; 1 refused by the hub, failed in the shield (stderr says
which, with the error's name and parameters), or the hub cannot be reached;
2 wrong usage.
)";

constexpr std::string_view emit_text = R"(
Usage: terok-clearance emit [--reader-socket PATH]
       terok-clearance emit --blocked --container ID --dest ADDRESS --port PORT
                            [--proto PROTO] [--domain NAME] [--id REQUEST_ID]
                            [--dossier KEY=VALUE]...
       terok-clearance emit --type TYPE --container ID [--reason TEXT]
                            [--dossier KEY=VALUE]...

Sends events to the hub as a reader does: JSON lines from stdin, as they are,
or one line made of the options. Ends when the hub has taken everything.

Options:
  --reader-socket PATH  the hub's socket for readers
                        (default: $XDG_RUNTIME_DIR/terok-shield-events.sock)
  --blocked             a blocked connection; prints its request id as the hub
                        will know it
  --type TYPE           another event: container_started, container_exited,
                        shield_up, shield_down, shield_disengaged
  --container ID        the container it happened in; required
  --dest ADDRESS        the blocked address
  --port PORT           its port, 0 to 65535
  --proto PROTO         tcp, udp, icmp, icmpv6 or 0 to 255 (default: tcp)
  --domain NAME         the name it was looked up by (default: none)
  --id REQUEST_ID       what a verdict will cite
                        (default: the container and a random number)
  --reason TEXT         why the container exited; needs --type container_exited
  --dossier KEY=VALUE   about the container; may be repeated
  --config FILE         settings, as TOML; see terok-clearance --help
  --help                show this text

Exit codes: 0 the hub has read it all (the hub's log says which lines it did not
accept); 1 the hub cannot be reached or went away; 2 wrong usage.
)";

constexpr std::string_view audit_text_of_help = R"(
Usage: terok-clearance audit list|verify|export [PATH]... [OPTION]...

Reads audit trails, which hubs write: who decided what, and what came of it.
PATH is the file of a trail, with the files that were renamed since, or a
directory of trails (default: $XDG_STATE_HOME/terok-clearance/audit).

  list    shows the records, a line each
  verify  checks that no record was changed, removed or added in the middle,
          and names the first line that breaks the chain. It cannot see whether
          the end was cut off
  export  writes the records as they are, a JSON object a line

Options of list and export:
  --since TIME      only records from then on: 7d, 12h, 30m (ago), 2027-01-31 or
                    2027-01-31T12:00:00Z
  --until TIME      only records before
  --container NAME  only records about this container
  --to TARGET       only records about this target: a name or an address
  --by DECIDER      only records of this decider: operator, policy, application,
                    a uid, the name of a program, or what a client called itself
  --redact          export without uid, pid and reason
  --config FILE     settings, as TOML; see terok-clearance --help
  --help            show this text

Exit codes: 0 done, the chains hold; 1 a chain is broken or a file cannot be
read; 2 wrong usage.
)";

constexpr std::string_view policy_check_text = R"(
Usage: terok-clearance policy check [DIR]...
       terok-clearance policy explain --to TARGET [OPTION]... [DIR]...
       terok-clearance policy test FILE [DIR]...
       terok-clearance policy propose [--since TIME] [PATH]...

Looks at the files of a policy, *.toml in each DIR (default:
/etc/terok-clearance/policy.d, then $XDG_CONFIG_HOME/terok-clearance/policy.d).
Needs no hub.

  check    shows the rules, or the first fault as FILE:LINE: KEY: why. A
           wildcard over a public suffix (*.co.uk) is a fault; a note says in
           the same form which target of an allow is always an ask (com)
  explain  shows what the policy would decide, and which rules match
  test     compares what the policy decides with what FILE expects
  propose  writes rules to stdout, made of what operators decided in the same
           way each time, for you to read. PATH is an audit trail or a directory
           of them (default: $XDG_STATE_HOME/terok-clearance/audit)

Options:
  --to TARGET          for explain: a name or an address
  --container ID       for explain: the container
  --address ADDRESS    for explain: an address of the name; may be repeated
  --port PORT          for explain: a port, 0 to 65535; may be repeated
  --dossier KEY=VALUE  for explain: about the container; may be repeated
  --since TIME         for propose: decisions from then on: 7d, 12h, 30m (ago),
                       2027-01-31 or 2027-01-31T12:00:00Z (default: all)
  --config FILE        settings, as TOML; see terok-clearance --help
  --help               show this text

Exit codes: 0 good; 1 a test failed, no trail can be read, or stdout is closed;
2 the policy has a fault, or wrong usage.
)";

struct entry {
  std::string_view name;
  std::string_view text;
};

constexpr entry texts[] = {
    {"", program_text},
    {"serve", serve_text},
    {"serve-verdict", serve_verdict_text},
    {"watch", watch_text},
    {"verdict", verdict_text},
    {"emit", emit_text},
    {"policy", policy_check_text},
    {"audit", audit_text_of_help},
};

} // namespace

std::string_view help_of(std::string_view subcommand) noexcept {
  for (const auto& [name, text] : texts)
    if (name == subcommand)
      return text.substr(1); // without the literal's first line break
  return help_of_operators(subcommand);
}

} // namespace clearance::services
