#!/usr/bin/env bash
# clang-tidy finds nothing in the product (.clang-tidy says what it looks for).
# All sources of a folder are one translation unit here: what they share is
# parsed once, and a folder takes as long as its largest source alone.
#
# Usage: tidy.sh TREE WORK [ARGUMENT]...
# WORK is a folder for the units; ARGUMENTs go to the compiler. Prints each
# finding and ends with 1; 77: skipped.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
mkdir -p "$2"
work="$(cd "$2" && pwd)"
cd "$1"
shift 2

if ! program="$(command -v clang-tidy-14 || command -v clang-tidy)"; then
  echo 'skipped: tidy: needs clang-tidy'
  exit 77
fi

rm -f "$work"/*.cpp
while read -r file; do
  unit="$(dirname "$file")"
  printf '#include "%s"\n' "$file" >>"$work/${unit//\//_}.cpp"
done < <(cpp_files protocol actors services | grep '\.cpp$')

# UNIT [ARGUMENT]...: what clang-tidy finds there.
findings() {
  "$program" --quiet "$1" -- -std=c++20 -I . "${@:2}" 2>/dev/null
}

# Sources that have a name in common do not compile together; then each is
# looked at alone.
look_at() {
  local unit="$1" file status=0
  shift
  ! findings "$unit" "$@" >/dev/null || return 0
  while read -r file; do
    findings "$file" "$@" || status=1
  done < <(sed 's/^#include "\(.*\)"$/\1/' "$unit")
  return "$status"
}
export -f findings look_at
export program

# xargs ends with 123 when one of its commands failed.
find "$work" -name '*.cpp' | LC_ALL=C sort | xargs -r -P "$(nproc)" -I {} \
  "$BASH" -c 'look_at "$@"' look_at {} "$@" || exit 1
