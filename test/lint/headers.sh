#!/usr/bin/env bash
# Each header compiles alone. Most are proven by the build: a source file
# includes its own header before all others, which is checked here. What has no
# source file of its own is compiled.
#
# Usage: headers.sh TREE COMPILER [ARGUMENT]...
# Says each breach and ends with 1.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$1"
shift
compiler=("$@")

bad=0
alone=()

first_include() {
  awk '/^[ \t]*#[ \t]*include/ { print $2; exit }' "$1"
}

while read -r header; do
  source_file="${header%.hpp}.cpp"
  if [[ ! -f "$source_file" ]]; then
    alone+=("$header")
  elif [[ "$(first_include "$source_file")" != "\"$header\"" ]]; then
    echo "$source_file: its first #include is not \"$header\""
    bad=1
  fi
done < <(cpp_files protocol actors services test | grep '\.hpp$')

# xargs says 123 when one of its commands failed.
printf '%s\n' "${alone[@]}" \
  | xargs -r -n 1 -P "$(nproc)" \
    "$BASH" "$here/compile_alone.sh" "${compiler[@]}" || bad=1
echo "${#alone[@]} headers compiled alone"
exit "$bad"
