#!/usr/bin/env bash
# clang-tidy finds nothing in the product (.clang-tidy says what it looks for).
# Most of its time goes into the headers of CAF, Asio and the standard library.
# So all sources of a layer are one translation unit here, and a unit takes
# hardly longer than its largest source alone. Checks that took long in these
# headers, and that the compiler makes, too, or that our code gives nothing to
# find (we have few macros and no assert), are left out.
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

if ! program="$(command -v clang-tidy-14 || command -v clang-tidy)" \
  || ! compiler="$(command -v clang++-14 || command -v clang++)"; then
  echo 'skipped: tidy: needs clang and clang-tidy'
  exit 77
fi

# UNIT SOURCE...: a translation unit of these sources.
write_unit() {
  printf '#include "%s"\n' "${@:2}" >"$1"
}

# UNIT [ARGUMENT]...: the sources that do not compile in the unit, a line each.
clashing() {
  "$compiler" -fsyntax-only -ferror-limit=0 -std=c++20 -I . "${@:2}" "$1" 2>&1 \
    | sed -nE 's|^(\./)?([^:]*\.cpp):[0-9]+:[0-9]+: (fatal )?error: .*|\2|p' \
    | LC_ALL=C sort -u || true
}

# UNIT [ARGUMENT]...: prints what clang-tidy finds there. A source that shares a
# name with another one does not compile in the unit: it moves into the next.
look_at() {
  local unit="$1" number=1 status=0 clash found
  shift
  local -a sources apart
  mapfile -t sources < <(sed 's/^#include "\(.*\)"$/\1/' "$unit")
  while ((${#sources[@]} > 0)); do
    apart=()
    found="$(findings "$unit" "$@")" && return "$status"
    while [[ "$found" == *'[clang-diagnostic-error]'* ]] \
      && ((${#sources[@]} > 1)) \
      && clash="$(clashing "$unit" "$@")" && [[ -n "$clash" ]]; do
      mapfile -t clash_list <<<"$clash"
      # The first one of all stays, lest nothing does.
      [[ "${clash_list[0]}" != "${sources[0]}" ]] \
        || ((${#clash_list[@]} < ${#sources[@]})) || unset 'clash_list[0]'
      apart+=("${clash_list[@]}")
      mapfile -t sources < <(printf '%s\n' "${sources[@]}" \
        | grep -vxF -f <(printf '%s\n' "${clash_list[@]}"))
      write_unit "$unit" "${sources[@]}"
      found="$(findings "$unit" "$@")" && break
    done
    [[ -z "$found" ]] || {
      printf '%s\n' "$found"
      status=1
    }
    sources=(${apart[@]+"${apart[@]}"})
    ((++number))
    unit="${unit%.cpp}-$number.cpp"
    ((${#sources[@]} == 0)) || write_unit "$unit" "${sources[@]}"
  done
  return "$status"
}

# UNIT [ARGUMENT]...: prints what clang-tidy says of it, and ends as it does.
# Where Asio or CAF is read, one check takes as long as all others together: it
# follows each parameter through each of their templates.
findings() {
  local -a less=()
  case "${1##*/}" in
    protocol* | operator*) ;;
    *) less=(--checks=-performance-unnecessary-value-param) ;;
  esac
  "$program" --quiet ${less[@]+"${less[@]}"} "$1" -- -std=c++20 -I . "${@:2}" \
    2>/dev/null
}
export -f write_unit clashing look_at findings
export program compiler

# Which unit a source belongs to. Sources that include the same headers of other
# people stand together; those that share names stand apart. Each main() needs a
# unit of its own, and so does what is built where a library is missing.
unit_of() {
  case "$1" in
    */main.cpp | *_absent.cpp) printf '%s' "${1//\//_}" ;;
    protocol/guard/* | services/guard/*) printf 'guard.cpp' ;;
    protocol/operator/*) printf 'operator.cpp' ;;
    services/tui/* | services/web/*) printf 'clients.cpp' ;;
    services/gate/* | services/supervisor/* | services/embedding/*)
      printf 'actors.cpp'
      ;;
    *) printf '%s.cpp' "${1%%/*}" ;;
  esac
}

rm -f "$work"/*.cpp
while read -r file; do
  printf '#include "%s"\n' "$file" >>"$work/$(unit_of "$file")"
done < <(cpp_files protocol actors services | grep '\.cpp$')

# The largest first. xargs ends with 123 when one of its commands failed.
find "$work" -name '*.cpp' -printf '%s %p\n' | sort -rn | cut -d ' ' -f 2- \
  | xargs -r -P "$(nproc)" -I {} "$BASH" -c 'look_at "$@"' look_at {} "$@" \
  || exit 1
