#!/usr/bin/env bash
# The example supervisor, built as a host would: against what was installed,
# found by pkg-config, once with the shared and once with the static library.
#
# Usage: run.sh BUILD_DIRECTORY SOURCE COMPILER [ARGUMENT]...
#        run.sh --installed ROOT SOURCE COMPILER [ARGUMENT]...
set -euo pipefail
build='' stage=''
if [[ "$1" == --installed ]]; then
  stage="$2"
  shift 2
else
  build="$1"
  shift
fi
source="$1"
shift
compiler=("$@")
work="$(mktemp -d)"
example=''
trap '[[ -z "$example" ]] || kill "$example" 2>/dev/null; rm -rf "$work"' EXIT

fail() {
  printf 'failed: %s\n' "$*" >&2
  [[ ! -f "$work/log" ]] || cat "$work/log" >&2
  exit 1
}

if ! command -v pkg-config >/dev/null; then
  echo 'skipped: the embedding example: needs pkg-config'
  exit 0
fi

if [[ -z "$stage" ]]; then
  stage="$work/stage"
  meson install -C "$build" --no-rebuild --quiet --destdir "$stage" >"$work/log"
fi
clearance="$(find "$stage" -path '*/bin/terok-clearance')"
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR="$stage"
PKG_CONFIG_PATH="$(dirname "$(find "$stage" -name clearance.pc)")"
libraries="$(dirname "$(find "$stage" -name libclearance.a)")"
header="$(find "$stage" -name clearance.hpp)"
[[ "$header" == */clearance/clearance.hpp ]] || fail 'the header is elsewhere'
[[ "$(pkg-config --modversion clearance)" == [0-9]*.[0-9]*.[0-9]* ]] \
  || fail 'the version is not semantic'
read -ra compile < <(pkg-config --cflags clearance)
read -ra shared < <(pkg-config --libs clearance)
read -ra static < <(pkg-config --libs --static clearance)
# A CAF of the build's own is no part of the stage.
shared=("${shared[@]/#*\/libcaf_core.a/-lcaf_core}")
static=("${static[@]/#*\/libcaf_core.a/-lcaf_core}")

# The example's next line that begins with TEXT; others pass by.
await() {
  local line
  while IFS= read -r -t 60 line <&"$from"; do
    printf '%s\n' "$line" >>"$work/log"
    [[ "$line" != "$1"* ]] || return 0
  done
  fail "it never said: $1"
}

# The end of its stdout, which is its own.
await_end() {
  local line status=0
  while ((status == 0)); do
    IFS= read -r -t 60 line <&"$from" || status=$?
    printf '%s\n' "$line" >>"$work/log"
  done
  ((status <= 128)) || fail 'it does not end' # above it the time was up
}

emit() {
  "$clearance" emit \
    --reader-socket "$work/run/reader.sock" --blocked --container c1 \
    --dest 203.0.113.7 --port 443 --id "$1" --domain "$2" >/dev/null
}

# A host's whole life.
try() {
  local program="$1"
  rm -rf "$work/run" "$work/mirrors"
  mkdir -m 700 "$work/run"
  mkdir -p "$work/mirrors/r.git"
  mkfifo "$work/in" "$work/out"
  "$program" "$work/run" /bin/true "$work/mirrors" <"$work/in" >"$work/out" \
    2>"$work/log" &
  example=$!
  exec {to}>"$work/in" {from}<"$work/out"
  await 'serving'
  [[ -S "$work/run/gate.sock" && -S "$work/run/hub.sock" ]] || fail 'no sockets'
  emit c1:1 api.example.com
  await 'event: connection_blocked c1'
  await 'log: registry: verdict applied'
  await 'verdict: allow'
  echo history >&"$to"
  await 'decision: allow api.example.com by application'
  echo counters >&"$to"
  await 'counter: terok_clearance_verdicts_total result="applied" 1'
  echo reload >&"$to"
  await 'policy: 1 rule;'
  # The hub is killed on purpose, and its supervisor is ours.
  echo kill >&"$to"
  await 'the hub ended'
  await 'serving'
  emit c1:2 elsewhere.org
  await 'verdict: deny'
  echo stop >&"$to"
  await 'order: stop'
  exec {to}>&-
  await_end
  wait "$example" || fail "it ended with $?"
  example=''
  exec {from}<&-
  [[ -z "$(find "$work/run" -type s)" ]] || fail 'sockets are left'
  "$clearance" audit verify "$work/run/audit.jsonl" >>"$work/log" 2>&1 \
    || fail 'the audit trail has a fault'
  [[ "$(grep -c '"event":"start"' "$work/run/audit.jsonl")" == 2 ]] \
    || fail 'the audit trail does not go on'
  rm "$work/in" "$work/out"
}

# An application whose gate cannot be started says so and ends, and so does its
# whole actor system.
try_fault() {
  mkdir -p "$work/run"
  status=0
  "$1" "$work/run" /bin/true "$work/none" </dev/null >"$work/log" \
    2>"$work/err" || status=$?
  ((status == 1)) || fail "without mirrors it ended with $status"
  grep -q "^cannot start the gate: .*$work/none" "$work/err" \
    || fail 'it does not say what failed'
}

"${compiler[@]}" -std=c++20 -Wall -Wextra -Werror "${compile[@]}" "$source" \
  -o "$work/with-shared" "${shared[@]}" -Wl,-rpath,"$libraries"
try "$work/with-shared"
try_fault "$work/with-shared"

# The archive by its name: the linker would take the shared one.
"${compiler[@]}" -std=c++20 "${compile[@]}" "$source" -o "$work/with-static" \
  "${static[@]/-lclearance/$libraries/libclearance.a}"
try "$work/with-static"

# A host whose ids are ours is told by its compiler, and has a way out.
clash=(-DCLEARANCE_FIRST_TYPE_ID=caf::first_custom_type_id -fsyntax-only)
! "${compiler[@]}" -std=c++20 "${compile[@]}" "${clash[@]}" "$source" \
  2>/dev/null || fail 'ids that overlap compile'
# An older language is told by its name.
"${compiler[@]}" -std=c++17 "${compile[@]}" -fsyntax-only "$source" \
  2>"$work/log" && fail 'it compiles as C++17'
grep -q 'needs C++20' "$work/log" || fail 'nothing tells which C++ it needs'
echo 'the example runs with both libraries'
