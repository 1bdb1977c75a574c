#!/usr/bin/env bash
# The newcomer's two commands, with a program that is built already.
#
# Usage: quickstart.sh PROGRAM
set -euo pipefail
program="$1"
top="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
quickstart="$top/packaging/quickstart"
stand_in="$top/packaging/demo/stand-in-shield"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# What it leaves behind would be here.
export TMPDIR="$work/left"
mkdir "$TMPDIR"

fail() {
  echo "failed: $1"
  [[ ! -f "$work/said" ]] || cat "$work/said"
  exit 1
}

# EXPECTED [ARGUMENT]...: runs it, checks its exit code.
run() {
  local expected="$1" status=0
  shift
  "$quickstart" "$@" >"$work/said" 2>&1 </dev/null || status=$?
  ((status == expected)) || fail "quickstart $*: $status, not $expected"
  [[ -z "$(ls -A "$TMPDIR")" ]] || fail "quickstart $*: left something behind"
}

says() {
  grep -qF -- "$1" "$work/said" || fail "it does not say: $1"
}

echo 'help, and what is no option'
run 0 --help
says 'Usage: packaging/quickstart'
run 2 --bogus
says 'unknown option --bogus'
run 2 --program
says '--program takes one value'

echo 'the demo shows a real connection, twice'
for _ in 1 2; do
  run 0 --demo --program "$program"
  says 'Every step happened.'
  if grep -qF 'No real connection can be shown here' "$work/said"; then
    echo "skipped: quickstart: $(grep -F 'No real connection' "$work/said")"
    continue
  fi
  says 'the connection was refused'
  says 'connected; the server says: hello from 203.0.113.7:443'
  says 'allow4: elements = { 203.0.113.7 }'
done

echo 'without terok-guard the demo plays a reader, and says why'
mkdir "$work/alone"
cp "$program" "$work/alone/terok-clearance"
run 0 --demo --program "$work/alone/terok-clearance"
says "No real connection can be shown here: $work/alone/terok-guard is not there."
says 'Every step happened.'

echo 'the played demo works, twice'
for _ in 1 2; do
  run 0 --demo --program "$program" --shield "$stand_in"
  says 'allow applied: 6f1d2c3b4a59 api.example.com'
  says 'stand-in for terok-shield'
  says 'Every step happened.'
done

echo 'the demo fails when a step does'
run 1 --demo --program "$program" --shield /bin/false
says 'The demo failed: the verdict was refused'
run 1 --demo --program /bin/false
says 'The demo failed: '

echo 'the hub in the foreground: what it prints can be typed'
coproc hub { exec "$quickstart" --program "$program" --shield "$stand_in" 2>&1; }
# shellcheck disable=SC2154  # coproc sets it
hub_pid="$hub_PID"
exec {hub_says}<&"${hub[0]}"
while IFS= read -r -t 60 -u "$hub_says" line; do
  printf '%s\n' "$line" >>"$work/foreground"
  [[ "$line" != *'info hub: serving'* ]] || break
done
cp "$work/foreground" "$work/said"
says 'terok-clearance watch'
# The last block of indented lines: the third terminal's.
awk '/^    / { block = (was ? block : "") substr($0, 5) "\n" }
     { was = /^    / } END { printf "%s", block }' "$work/said" >"$work/typed"
grep -q 'terok-clearance emit --blocked' "$work/typed" || fail 'no emit to type'
id="$(bash -euo pipefail "$work/typed")" || fail 'what it prints does not work'
[[ "$id" == 6f1d2c3b4a59:* ]] || fail "emit said $id"
directory="$TMPDIR/terok-clearance-quickstart-$(id -u)"
says "export XDG_RUNTIME_DIR='$directory'" # the same at the next start

echo 'a signal ends it, and takes everything along'
kill -TERM "$hub_pid"
status=0
wait "$hub_pid" || status=$?
((status == 143)) || fail "exit code $status after SIGTERM"
[[ "$(ls -A "$TMPDIR")" == "${directory##*/}" ]] \
  || fail 'a signal made it leave something behind'
find "$directory" -type s -o -name '*.sock.lock' | grep . && fail 'a socket stayed'
# Its output ends when nobody is left who could write to it: no process stays.
timeout 60 cat <&"$hub_says" >/dev/null || fail 'somebody stayed behind'

echo 'a directory of somebody else is not used'
rm -r "$directory"
ln -s "$work" "$directory"
run_status=0
"$quickstart" --program "$program" --shield "$stand_in" >"$work/said" 2>&1 \
  </dev/null || run_status=$?
((run_status == 1)) || fail "a link: $run_status"
says 'is not a directory of yours'
