#!/usr/bin/env bash
# Tests sum_up.awk, which counts test cases for test/run.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# Prints one program's entry in meson's log. Arguments: STATUS [LINE]...
entry() {
  printf '==================== 1/9 ====================\n'
  printf 'test:         terok-clearance / x\nresult:       %s\n' "$1"
  shift
  # The command's text looks like a result, but must not be counted.
  printf 'command:      X=skipped: /x/test\n'
  (($# == 0)) || printf -- '------------- stdout -------------\n'
  (($# == 0)) || printf '%s\n' "$@"
  printf '=============================================\n\n'
}

cases() {
  printf '[doctest] test cases:   %d |   %d passed | %d failed | 0 skipped' \
    "$(($1 + $2))" "$1" "$2"
}

# Reads a log from stdin and compares its sum with the argument. The first
# difference ends the test.
sums_up_to() {
  local sum
  sum="$(awk -f "$here/sum_up.awk")"
  if [[ "$sum" != "$1" ]]; then
    echo "expected $1, got $sum"
    return 1
  fi
}

ok='exit status 0'
sums_up_to '0 passed, 0 failed, 0 skipped' </dev/null
entry "$ok" "$(cases 5 0)" | sums_up_to '5 passed, 0 failed, 0 skipped'
{ entry "$ok" "$(cases 5 0)"; entry 'exit status 1' "$(cases 3 2)"; } \
  | sums_up_to '8 passed, 2 failed, 0 skipped'
# A program that prints no cases counts as one case.
{ entry "$ok"; entry 'exit status 1' 'oh'; entry 'exit status 77' 'no tool'; } \
  | sums_up_to '1 passed, 1 failed, 1 skipped'
# A program that crashes has failed, whatever it printed before.
entry 'killed by signal 11 SIGSEGV' '[doctest] doctest version is "2"' \
  | sums_up_to '0 passed, 1 failed, 0 skipped'
entry 'killed by signal 6 SIGABRT' "$(cases 5 0)" \
  | sums_up_to '5 passed, 1 failed, 0 skipped'
# doctest counts skipped cases as passed.
entry "$ok" 'skipped: a case: no varlinkctl here' \
  'skipped: another: not root: really' "$(cases 5 0)" \
  | sums_up_to '3 passed, 0 failed, 2 skipped'
# If doctest ran no case at all, the test asked for a case that does not exist.
entry "$ok" "$(cases 0 0)" | sums_up_to '0 passed, 1 failed, 0 skipped'
