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

echo 'the demo shows it to a plain user, too'
# Why the demo cannot be tried as a plain user; nothing: it was.
as_plain_user() {
  local -r plain=(setpriv --reuid 12345 --regid 12345 --clear-groups)
  local guard
  guard="$(dirname "$program")/terok-guard"
  if (($(id -u) != 0)); then
    echo 'the test itself runs as a plain user'
    return
  fi
  "${plain[@]}" true 2>/dev/null || { echo 'needs setpriv'; return; }
  [[ -x "$guard" ]] || { echo 'needs terok-guard'; return; }
  # The directories of the sources and the programs may be closed to others.
  mkdir -p "$work/plain/packaging" "$work/plain/left"
  cp "$program" "$guard" "$work/plain"
  cp -r "$quickstart" "$top/packaging/dependencies.sh" "$top/packaging/demo" \
    "$work/plain/packaging"
  chown -R 12345:12345 "$work/plain"
  chmod 0711 "$work"
  local status=0
  TMPDIR="$work/plain/left" HOME="$work/plain" "${plain[@]}" \
    "$work/plain/packaging/quickstart" --demo \
    --program "$work/plain/${program##*/}" >"$work/said" 2>&1 </dev/null \
    || status=$?
  ((status == 0)) || fail "quickstart --demo as a plain user: $status"
  [[ -z "$(ls -A "$work/plain/left")" ]] || fail 'a plain user left something'
  ! grep -F 'No real connection can be shown here' "$work/said" || return 0
  says 'connected; the server says: hello from 203.0.113.7:443'
}
missing="$(as_plain_user)" || { printf '%s\n' "$missing"; exit 1; }
[[ -z "$missing" ]] || echo "skipped: quickstart: as a plain user: $missing"

echo 'a network of another mapping of users: the reason is named'
# Why this cannot be tried; nothing: it was.
other_mapping() {
  local guard status=0 ready=''
  guard="$(dirname "$program")/terok-guard"
  [[ -x "$guard" ]] || { echo 'needs terok-guard'; return; }
  exec {other}< <(exec unshare --map-user=77 -Un \
    bash -c 'echo "ready $$"; exec sleep infinity' 2>/dev/null)
  local -r pid=$!
  IFS= read -r -t 60 -u "$other" ready || true
  [[ -n "$ready" ]] || { echo 'needs user namespaces'; return; }
  XDG_RUNTIME_DIR="$work" "$guard" run --private "$pid" -- true \
    >"$work/said" 2>&1 </dev/null || status=$?
  kill -TERM "$pid"
  ((status == 125)) || fail "terok-guard run --private: $status"
  says "of process $pid you are uid 77 instead of $(id -u): start"
}
missing="$(other_mapping)" || { printf '%s\n' "$missing"; exit 1; }
[[ -z "$missing" ]] || echo "skipped: quickstart: another mapping: $missing"

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
