#!/usr/bin/env bash
# Every source file of the product is built: its path stands in the nearest
# meson.build above it. A file that nobody builds looks done and is not.
#
# Usage: sources.sh [TREE]. Says each breach and ends with 1.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
cd "${1:-.}"

bad=0
declare -A named # the text of each meson.build
while read -r file; do
  folder="${file%/*}"
  while [[ ! -f "$folder/meson.build" && "$folder" == */* ]]; do
    folder="${folder%/*}"
  done
  build="$folder/meson.build"
  if [[ -z "${named[$build]:-}" ]]; then
    named[$build]="$(cat "$build" 2>/dev/null) "
  fi
  if [[ "${named[$build]}" != *"'${file#"$folder"/}'"* ]]; then
    echo "$file: not in $build"
    bad=1
  fi
done < <(cpp_files protocol actors services | grep '\.cpp$')
exit "$bad"
