#!/usr/bin/env bash
# What the build promises of its programs and its library, read from the files:
# position independent, everything bound and read-only before main(), no stack
# or segment both writable and executable, stacks and buffers checked, and
# landing pads for indirect branches in every object of ours.
#
# Usage: build_hardening.sh FORTIFIED LANDING_PADS COMPILER -- ARCHIVE FILE...
# The first two say `true` where the build asked for it. COMPILER is a list.
set -euo pipefail
fortified="$1" landing_pads="$2"
shift 2
compiler=()
while [[ "$1" != -- ]]; do
  compiler+=("$1")
  shift
done
archive="$2"
shift 2
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# FILE: prints each promise that it breaks.
breaches() {
  local file="$1" dynamic segments symbols
  dynamic="$(readelf -Wd "$file")"
  segments="$(readelf -Wl "$file")"
  symbols="$(readelf -W --dyn-syms "$file")"
  [[ "$(readelf -Wh "$file")" =~ Type:\ +DYN ]] || echo 'not DYN'
  [[ "$dynamic" == *BIND_NOW* || "$dynamic" =~ Flags:.*NOW ]] || echo 'lazy'
  [[ "$dynamic" != *TEXTREL* ]] || echo 'text relocations'
  [[ ! "$dynamic" =~ \((RPATH|RUNPATH)\) ]] || echo 'searches a path'
  [[ "$segments" == *GNU_RELRO* ]] || echo 'no GNU_RELRO'
  awk '$1 == "GNU_STACK" { found = !/E +0x[0-9a-f]+$/ } END { exit !found }' \
    <<<"$segments" || echo 'executable stack'
  awk '$1 == "LOAD" && / RWE / { bad = 1 } END { exit bad }' <<<"$segments" \
    || echo 'a segment to write and execute'
  awk '/ __stack_chk_fail/ { found = 1 } END { exit !found }' <<<"$symbols" \
    || echo 'stacks not checked'
  [[ "$fortified" != true ]] \
    || awk '/ __[a-z]+_chk(@|$| )/ { found = 1 } END { exit !found }' \
      <<<"$symbols" || echo 'buffers not checked'
}

has_landing_pads() {
  local notes
  notes="$(readelf -Wn "$1")"
  [[ "$notes" == *IBT* && "$notes" == *SHSTK* ]]
}

# Each object of the archive carries the note. The linker keeps it in a program
# only if the C library's start files have it, too: not in Debian 12.
pads_missing() {
  local count notes
  count="$(ar t "$archive" | wc -l)"
  notes="$(readelf -Wn "$archive" | grep -c 'IBT, SHSTK')" || true
  ((count > 0 && count == notes)) || echo "$archive: $notes of $count objects"
}

start_files_have_pads() {
  local file
  for file in Scrt1.o crti.o crtbeginS.o; do
    has_landing_pads "$("${compiler[@]}" -print-file-name="$file")" || return 1
  done
}

failed=0
complain() {
  printf 'failed: %s\n' "$*"
  failed=1
}

# First that it can tell: a program of which each promise is broken. With
# optimisation and without the options that the C library's buffers need.
echo 'int main(int argc, char**) { char a[64]; a[argc] = 1; return a[argc + 1]; }' \
  >"$work/weak.cpp"
"${compiler[@]}" -w -no-pie -fno-pie -fno-stack-protector -U_FORTIFY_SOURCE \
  -Wl,-z,lazy -Wl,-z,norelro -Wl,-z,execstack -Wl,-rpath,/nowhere \
  -o "$work/weak" "$work/weak.cpp"
found="$(breaches "$work/weak")"
for each in 'not DYN' lazy 'searches a path' 'no GNU_RELRO' 'executable stack' \
  'stacks not checked'; do
  [[ "$found" == *"$each"* ]] || complain "it does not see: $each"
done
[[ "$fortified" != true || "$found" == *'buffers not checked'* ]] \
  || complain 'it does not see: buffers not checked'

[[ "$fortified" == true ]] \
  || echo 'skipped: buffers: this build has sanitisers or no optimisation'
for file in "$@"; do
  found="$(breaches "$file")"
  [[ -z "$found" ]] || complain "$file: ${found//$'\n'/, }"
done

if [[ "$landing_pads" != true ]]; then
  echo 'skipped: landing pads: the compiler makes none for this processor'
else
  found="$(pads_missing)"
  [[ -z "$found" ]] || complain "landing pads in $found"
  if start_files_have_pads; then
    for file in "$@"; do
      has_landing_pads "$file" || complain "$file: no landing pads"
    done
  else
    echo "skipped: landing pads of whole programs: the C library's start" \
      'files have none'
  fi
fi
echo "$# files looked at"
exit "$failed"
