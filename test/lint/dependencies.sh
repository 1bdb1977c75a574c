#!/usr/bin/env bash
# What the build asks for is installed by packaging/dependencies.sh, where it
# stands in the second column: a fresh machine has nothing.
#
# Usage: dependencies.sh [TREE]. Says each breach and ends with 1.
set -euo pipefail
cd "${1:-.}"

mapfile -t files < <(find meson.build actors protocol services test packaging \
  -name meson.build)
asked="$(cat "${files[@]}" | tr -d '\n' | grep -oE \
  "(dependency|find_library|has_header)\( *'[^']+'" \
  | sed "s/.*'\\(.*\\)'/\\1/" | LC_ALL=C sort -u)"
bad=0
while read -r name; do
  # Part of the C library.
  [[ "$name" != threads ]] || continue
  if ! awk -v name="$name" '$2 == name { found = 1 } END { exit !found }' \
    packaging/dependencies.sh; then
    echo "meson.build asks for $name, packaging/dependencies.sh does not know it"
    bad=1
  fi
done <<<"$asked"
exit "$bad"
