#!/usr/bin/env bash
# Each header compiles alone. The build does not prove it, for sources are
# compiled several at a time; but a source file includes its own header before
# all others, which is checked here, too.
#
# Usage: headers.sh TREE CACHE COMPILER [ARGUMENT]...
# Says each breach and ends with 1.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mkdir -p "$2"
cache="$(cd "$2" && pwd)"
cd "$1"
shift 2
compiler=("$@")

bad=0
alone=()

first_include() {
  awk '/^[ \t]*#[ \t]*include/ { print $2; exit }' "$1"
}

while read -r header; do
  source_file="${header%.hpp}.cpp"
  alone+=("$header")
  if [[ -f "$source_file" ]] \
    && [[ "$(first_include "$source_file")" != "\"$header\"" ]]; then
    echo "$source_file: its first #include is not \"$header\""
    bad=1
  fi
done < <(cpp_files protocol actors services test | grep '\.hpp$')

# xargs says 123 when one of its commands failed.
printf '%s\n' "${alone[@]}" \
  | xargs -r -n 1 -P "$(nproc)" \
    "$BASH" "$here/compile_alone.sh" "$cache" "${compiler[@]}" || bad=1
echo "${#alone[@]} headers compile alone"
exit "$bad"
