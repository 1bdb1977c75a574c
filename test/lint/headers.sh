#!/usr/bin/env bash
# Each header compiles alone. The build does not prove it, for sources are often
# compiled several at a time; but a source file includes its own header before
# all others, which is checked here, too.
#
# Most of the time goes into other people's headers. Some of our headers bring
# those, and each is precompiled once. A header that includes one of them, itself
# or through others, is compiled behind it: all #includes of a header stand at
# its top, so nothing of the header can lean on what comes too early.
#
# Usage: headers.sh TREE CACHE COMPILER [ARGUMENT]...
# Names each breach and ends with 1.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "$2"
cache="$(cd "$2" && pwd)"
cd "$1"
shift 2
compiler=("$@")
# clang reads what is precompiled only as far as it needs it.
if command -v clang++ >/dev/null; then
  compiler=(clang++)
fi

# The richest first: a header is compiled behind the first one that it includes.
bases=(
  test/support/fixture/actor_fixture.hpp
  actors/io/loop/loop.hpp
  services/embedding/clearance.hpp
  actors/gate/messages.hpp
  actors/hub/messages.hpp
  actors/base/hosted.hpp
  actors/base/io_host.hpp
  actors/base/connection.hpp
)

bad=0
declare -A includes # our own headers that a header includes itself
headers=()

first_include() {
  awk '/^[ \t]*#[ \t]*include/ { print $2; exit }' "$1"
}

while read -r header; do
  headers+=("$header")
  source_file="${header%.hpp}.cpp"
  if [[ -f "$source_file" ]] \
    && [[ "$(first_include "$source_file")" != "\"$header\"" ]]; then
    echo "$source_file: its first #include is not \"$header\""
    bad=1
  fi
done < <(cpp_files protocol actors services test | grep '\.hpp$')

while IFS=: read -r header included; do
  includes[$header]+=" $included"
done < <(grep -HE '^#include "' "${headers[@]}" | sed 's/#include "\(.*\)".*/\1/')

# HEADER: all of ours that it includes, itself left out, a line each.
closure() {
  local -A seen=()
  local -a todo=("$1")
  local each next
  while ((${#todo[@]} > 0)); do
    each="${todo[-1]}"
    unset 'todo[-1]'
    for next in ${includes[$each]-}; do
      [[ -z "${seen[$next]-}" ]] || continue
      seen[$next]=yes
      todo+=("$next")
    done
  done
  printf '%s\n' "${!seen[@]}"
}

# What each header is compiled behind: `BASE HEADER`, or `- HEADER`.
plan() {
  local header base within
  for header in "${headers[@]}"; do
    within="$(closure "$header")"
    for base in "${bases[@]}"; do
      if [[ $'\n'"$within"$'\n' == *$'\n'"$base"$'\n'* ]]; then
        printf '%s %s\n' "$base" "$header"
        continue 2
      fi
    done
    printf -- '- %s\n' "$header"
  done
}

for base in "${bases[@]}"; do
  [[ ! -f "$base" ]] || printf '%s\n' "$base"
done | xargs -r -n 1 -P "$(nproc)" \
  "$BASH" "$here/precompile.sh" "$cache" "${compiler[@]}" || bad=1

# xargs ends with 123 when one of its commands failed.
plan | xargs -r -n 2 -P "$(nproc)" \
  "$BASH" "$here/compile_alone.sh" "$cache" "${compiler[@]}" || bad=1
echo "${#headers[@]} headers compile alone"
exit "$bad"
