#include "services/gate/help.hpp"

namespace clearance::services {

namespace {

// Written by hand, as that of terok-clearance is; see help.cpp.
constexpr std::string_view gate_text = R"(
Usage: terok-gate --mirror-root DIR --scope NAME [--token-file FILE]
                  (--socket PATH | --listen ADDRESS:PORT) [OPTION]...
       terok-gate --mirror-root DIR --grants FILE
                  (--socket PATH | --listen ADDRESS:PORT) [OPTION]...
       terok-gate --install-hooks DIR
       terok-gate backups list REPOSITORY
       terok-gate backups restore REPOSITORY BACKUP
       terok-gate backups expire REPOSITORY [--backup-days DAYS | --now REF]
       terok-gate hook pre-receive | hook post-receive [--check]
       terok-gate tend ROOT SCOPE... [--backup-days DAYS]

Serves one git repository over HTTP to whoever shows one token, by git's own
services, fetch and push. A container's task clones
http://TOKEN:x@127.0.0.1:PORT/NAME.git and sees nothing else. The token may be
the user name, the password, or a Bearer token.

What to serve:
  --mirror-root DIR      where the bare repositories are
  --scope NAME           the one that the token opens: DIR/NAME.git
  --token-file FILE      the token, a line. Without it the token comes from
                         TEROK_GATE_TOKEN in the environment, else from
                         $CREDENTIALS_DIRECTORY/terok-gate.token (systemd). It
                         never stands on a command line
  --grants FILE          several tokens, instead of the two above; read again
                         on SIGHUP:
                           {"grants": [{"token_sha256": "64 hex digits",
                                        "scope": "NAME", "access": "read-only"}]}
                         `*` as scope is every repository; access is read-only
                         or read-write

Where:
  --socket PATH          a unix socket, for this user alone (mode 0600); its
                         directory must be yours and closed to others (0700)
  --listen ADDRESS:PORT  a TCP port; ADDRESS is 127.0.0.1, or [::1]
  --allow-remote         --listen may name an address that is not loopback. The
                         token travels unencrypted
  If systemd passes a socket named `gate`, use neither --socket nor --listen.

What git runs:
  --hooks-path DIR       its hooks run, whatever the repository says (default:
                         none runs). Our own are written there at the start if
                         they are missing. No container may be able to write to
                         it
  --home DIR             git's HOME; no container may be able to write to it
                         (default: an empty directory, made for the lifetime of
                         the gate)
  --install-hooks DIR    write our own hooks there and end. Before a push moves
                         a ref, pre-receive saves what the ref has: of a branch
                         as refs/terok/backup/BRANCH/TIME-ID, of another ref as
                         refs/terok/backup-other/REF/TIME-ID. What cannot be
                         saved is refused. terok-push-marker in the repository
                         says what was pushed
  --backup-days DAYS     how long a backup is kept (default: 30)
  hook NAME              the hooks of --install-hooks run this; nobody types it
  tend ROOT SCOPE...     what an idle gate runs: removes expired backups, packs
                         refs
  --check                with hook: only look whether the hook can run. The gate
                         does so at its start and logs an error if not

  backups                what the hooks kept in REPOSITORY, the path DIR/NAME.git:
    list                 show time, id, ref and name of each backup
    restore              give the ref what BACKUP has; what the ref has now is
                         saved before
    expire               remove backups that are older than --backup-days
  --now REF              with backups expire: remove all backups of REF, or the
                         one backup of that name, whatever their age

  --sandbox MODE         auto, required or off (default: auto), see below
  --metrics WHERE        serve the counters to Prometheus, at the socket WHERE (a
                         path with a /) or at a port of this machine such as
                         127.0.0.1:9464 (default: nowhere)
  --log-level LEVEL      debug, info, warning or error (default: info)
  --config FILE          settings from a TOML file: an option is a key of the
                         same name, log-level = "debug". The whole file is
                         checked before anything starts; options given here
                         win
  --help                 show this text
  --version              show the version

At its start the gate enters a sandbox, and its git works in it. They can gain
no privileges. They can use no files except DIR/NAME.git (with --grants, or if
it is not there yet: DIR), home, hooks, the directories of PATH and the system's
files; they cannot connect over TCP or reach other processes (Landlock); they
can make only the system calls that git needs (seccomp). Use --sandbox off if
your hooks need more, or if the repository is a symbolic link or borrows objects
from outside of DIR. If the repository is replaced, start the gate again. What this kernel cannot do is a warning; with --sandbox required the
gate then does not start.

A request that asks for anything but fetch and push of the token's repository
gets 401, 403, 404, 405 or 501, and no git process is started for it.

Limits: headers 16 KiB (431); a request's head within 10 s, 60 s between pieces
of a body (408); 60 s of idle connection; a client that takes nothing for 60 s
is cut off; 16 git processes at a time, 64 requests that wait for at most 10 s,
then 503; half of both for one of several tokens, then 429; 16 MiB for the body
of a fetch (413); a body below 1 KiB/s is ended (408) while others wait; git
that does nothing for 120 s is ended (504); 512 connections, more wait. A wrong
token is answered a second later, 16 of them at a time. The body of a push may
have any size: at most 64 KiB in each direction are held.

SIGTERM and SIGINT: no new requests, 4 seconds for those that run; a second one
ends at once. SIGHUP: the grants file is read again; one with a mistake in it
changes nothing. SIGUSR1: counters to the log. The log goes to stderr; when that
is the journal, entries have fields (TEROK_...=). systemd is told when the gate
is ready, reads its grants, and ends (Type=notify), and within WatchdogSec= that
it goes on.

Exit codes: 0 stopped by a signal, or done; 1 could not start or broke; 2 wrong
usage.
)";

} // namespace

std::string_view gate_help() noexcept {
  return gate_text.substr(1); // without the literal's first line break
}

} // namespace clearance::services
