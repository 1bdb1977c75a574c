#include "services/clearance/operator_help.hpp"

#include "services/notify/notify.hpp"

// Written by hand, as help.cpp says.
namespace clearance::services {

namespace {

constexpr std::string_view prompt_list_text = R"(
Usage: terok-clearance list [OPTION]...

Shows the prompts of a hub: one for each container and target, whatever the
number of blocks. Below a prompt that waits stand what an allow opens and the
command that answers it.

Options:
  --clearance-socket PATH  the hub's socket
                           (default: $XDG_RUNTIME_DIR/terok-clearance.sock)
  --host HOST              instead: all hubs of another machine, [USER@]HOST,
                           which ssh reaches; may be repeated
  --container ID           prompts of this container only
  --all                    decided and gone prompts, too; the hub shows them
                           for 10 minutes
  --json                   one prompt a line as a JSON object
  --config FILE            settings, as TOML; see terok-clearance --help
  --help                   show this text

Exit codes: 0 done; 1 the hub cannot be reached or has no prompts; 2 wrong
usage.
)";

constexpr std::string_view prompt_decide_text = R"(
Usage: terok-clearance decide PROMPT REVISION allow|deny [OPTION]...
       terok-clearance decide allow|deny --all-of ID|--target NAME [OPTION]...

Answers one prompt. PROMPT and REVISION are those that `terok-clearance list`
shows, which prints the whole command. An allow of a prompt that has changed
since then is refused, and nothing is executed; a deny is not. All blocks of
the prompt are answered together. Waits up to 80 s for the firewall.

With --all-of or --target it answers all prompts that wait and fit, and prints
a line for each. An allow leaves out prompts that have flags, and names them.

Options:
  --all-of ID              all prompts of this container; excludes --target
  --target NAME            all prompts with this target, a name or an address
  --reason TEXT            why; it is kept with the decision
  --for SECONDS            an allow ends after this time (1 to 31622400, 366
                           days), if the shield can do that (terok-guard can)
  --clearance-socket PATH  the hub's socket
                           (default: $XDG_RUNTIME_DIR/terok-clearance.sock)
  --host HOST              instead: all hubs of another machine, [USER@]HOST,
                           which ssh reaches; may be repeated
  --config FILE            settings, as TOML; see terok-clearance --help
  --help                   show this text

Exit codes: 0 applied, all of them; 1 refused by the hub, failed in the shield
(stderr says which, and shows the prompt or the decision as it is), left out,
no prompt fits, or a hub cannot be reached; 2 wrong usage.
)";

constexpr std::string_view prompt_history_text = R"(
Usage: terok-clearance history [OPTION]...

Shows the last decisions of a hub, the newest last: of operators, whichever
client they used, and of applications.

Options:
  --clearance-socket PATH  the hub's socket
                           (default: $XDG_RUNTIME_DIR/terok-clearance.sock)
  --container ID           decisions about this container only
  --limit N                the newest N only (default: all that the hub keeps,
                           at most 1000)
  --json                   one decision a line as a JSON object
  --config FILE            settings, as TOML; see terok-clearance --help
  --help                   show this text

Exit codes: 0 done; 1 the hub cannot be reached or has no prompts; 2 wrong
usage.
)";

constexpr std::string_view prompt_explain_text = R"(
Usage: terok-clearance explain --prompt ID [--clearance-socket PATH]
       terok-clearance explain --to TARGET [--container ID] [--address ADDRESS]...
                               [--port PORT]... [--dossier KEY=VALUE]...
                               [--clearance-socket PATH]

Asks a hub what its policy says about a prompt, or about a target that a
container might ask for: allow, deny or ask, the rules that match, what rules
ask for and the command line does not say, and what an allow would open.
Nothing is decided.

Options:
  --prompt ID              a prompt, as `terok-clearance list` shows it; excludes
                           all options but --clearance-socket
  --to TARGET              a name or an address
  --container ID           the container
  --address ADDRESS        an address of the name; may be repeated
  --port PORT              a port, 0 to 65535; may be repeated
  --dossier KEY=VALUE      about the container; may be repeated
  --clearance-socket PATH  the hub's socket
                           (default: $XDG_RUNTIME_DIR/terok-clearance.sock)
  --config FILE            settings, as TOML; see terok-clearance --help
  --help                   show this text

Exit codes: 0 done; 1 the hub cannot be reached or there is no such prompt;
2 wrong usage.
)";

constexpr std::string_view terminal_text = R"(
Usage: terok-clearance [tui] [OPTION]...

Shows the prompts of all hubs as they come and go, and decides them. On a
terminal it executes terok-clearance-tui, which has a package of its own;
`?` shows its keys. With --plain it writes numbered lines and reads commands
from stdin:

  a N [reason]  allow prompt N        l  list the prompts that wait
  d N [reason]  deny it               h  show the commands
  e N           explain it            q  leave
  m N           quiet its container

Options:
  --clearance-socket PATH  the hub to follow; may be repeated (default: every
                           hub below $XDG_RUNTIME_DIR)
  --host HOST              follow the hubs of another machine, [USER@]HOST,
                           which ssh reaches, and not those of this one; may
                           be repeated
  --plain                  lines of text, for screen readers, serial lines,
                           logs and scripts; TEROK_PLAIN=1 does the same
  --json                   one JSON object a line, in and out; needs --plain
  --color WHEN             auto, always or never; auto uses colours unless
                           NO_COLOR is set; excludes --plain (default: auto)
  --mouse                  a click selects, and the wheel scrolls; excludes
                           --plain
  --config FILE            settings, as TOML; see terok-clearance --help
  --help                   show this text

A number stands for what its line said: a prompt that has changed meanwhile has
another number, and nothing is decided. Commands wait for the prompts of the
hubs that there are. The end of stdin ends the program when every answer is
there.

Exit codes: 0 left, or ended by a signal; 1 stdout is closed, or
terok-clearance-tui is not installed; 2 wrong usage, or no terminal.
)";

constexpr std::string_view web_client_text = R"(
Usage: terok-clearance web [OPTION]...

Shows the prompts of all hubs as a page in your browser, and decides them there.
It executes terok-clearance-web, which has a package of its own.

Options:
  --clearance-socket PATH  the hub to follow; may be repeated (default: every
                           hub below $XDG_RUNTIME_DIR)
  --listen ADDRESS         the address of 127.0.0.0/8 to serve on, with `:` and
                           a port behind it if that matters (default: a random
                           address, and a free port)
  --no-open                print the link, and start no browser
  --config FILE            settings, as TOML; see terok-clearance --help
  --help                   show this text

Exit codes: 0 ended by a signal; 1 the address cannot be used, or
terok-clearance-web is not installed; 2 wrong usage.
)";

constexpr std::string_view relay_text = R"(
Usage: terok-clearance relay --stdio [--clearance-socket PATH]...

Passes on the hubs of this user through stdin and stdout, to a client that has
started it by ssh: `terok-clearance --host HOST` does that. Ends with stdin.
It opens no socket but those of hubs. A key that may do nothing else has this in
front of it, in ~/.ssh/authorized_keys:

  restrict,command="terok-clearance relay --stdio"

Options:
  --stdio                  use stdin and stdout; required
  --clearance-socket PATH  the hub to pass on; may be repeated (default: every
                           hub below $XDG_RUNTIME_DIR)
  --config FILE            settings, as TOML; see terok-clearance --help
  --help                   show this text

Exit codes: 0 the client left, or ended by a signal; 1 what is on stdin is no
client; 2 wrong usage.
)";

struct operator_entry {
  std::string_view name;
  std::string_view text;
};

constexpr operator_entry operator_texts[] = {
    {"list", prompt_list_text},
    {"decide", prompt_decide_text},
    {"history", prompt_history_text},
    {"explain", prompt_explain_text},
    {"tui", terminal_text},
    {"web", web_client_text},
    {"relay", relay_text},
};

} // namespace

std::string_view help_of_operators(std::string_view subcommand) noexcept {
  for (const auto& [name, text] : operator_texts)
    if (name == subcommand)
      return text.substr(1); // without the literal's first line break
  return subcommand == "notify" ? notify_help() : std::string_view{};
}

} // namespace clearance::services
