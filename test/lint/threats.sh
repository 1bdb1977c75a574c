#!/usr/bin/env bash
# The tests that SECURITY.md cites exist: `FILE` alone, or `FILE`: "a
# case of it". Each row of a table that has a column "held by" cites at least
# one there, or says `no test: ` and why.
#
# Usage: threats.sh [TREE]. Says each breach and ends with 1.
set -euo pipefail
cd "${1:-.}"
page=SECURITY.md
bad=0
[[ -f "$page" ]] || exit 0

# Rows without a test.
awk -F '|' -v page="$page" '
function trimmed(x) { gsub(/^ +| +$/, "", x); return x }
/^\|/ && !table { # a heading
  table = 1
  column = 0
  for (i = 2; i < NF; ++i)
    if (trimmed($i) == "held by")
      column = i
  next
}
/^\|/ && column && trimmed($column) !~ /^-+$/ {
  if ($column !~ /`test\// && $column !~ /no test: [a-z]/) {
    print page ":" NR ": a row without a test"
    bad = 1
  }
}
!/^\|/ { table = 0 }
END { exit bad }
' "$page" || bad=1

# The names of a file's cases, a line each; long ones are written in pieces.
cases_of() {
  tr '\n' ' ' <"$1" | sed 's/" *"//g' \
    | grep -oE 'TEST_CASE(_FIXTURE)?\(([a-z_]+,)? *"([^"\]|\\.)*"\)' \
    | sed 's/^[^"]*"//; s/")$//'
}

# shellcheck disable=SC2016  # those are backquotes
while IFS= read -r cited; do
  file="${cited#\`}"
  file="${file%%\`*}"
  name=''
  [[ "$cited" != *'"' ]] || { name="${cited#*\"}"; name="${name%\"}"; }
  if [[ ! -f "$file" ]]; then
    echo "$page cites $file, which is not there"
    bad=1
  elif [[ -n "$name" ]] && ! cases_of "$file" | grep -qxF -- "$name"; then
    echo "$page: $file has no case \"$name\""
    bad=1
  fi
done < <(grep -oE '`test/[^`]+`(: "[^"]+")?' "$page")
exit "$bad"
