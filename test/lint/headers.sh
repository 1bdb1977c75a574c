#!/usr/bin/env bash
# Each header of the product compiles alone. The build does not prove it, for sources are often
# compiled several at a time; but a source file includes its own header before
# all others, which is checked here, too.
#
# Most of the time goes into other people's headers. Some sets of them are
# precompiled, each once. A header that includes all of a set, itself or through
# others of ours, is compiled behind it: all #includes of a header stand at its
# top, so nothing of the header can lean on what comes too early.
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
# The build tells every source its version.
version='-DCLEARANCE_VERSION="0"'
compiler=("$@" "$version")
precompiler=("${compiler[@]}")
# clang reads what is precompiled only as far as it needs it.
if command -v clang++ >/dev/null; then
  compiler=(clang++ "$version")
  precompiler=("${compiler[@]}" -fpch-instantiate-templates)
fi

# The richest first: a header is compiled behind the first set that it includes.
# What the sets should be was computed: for each set, the bytes that it saves in
# all headers less the bytes that it costs.
sets=(
  'boost/asio/io_context.hpp caf/replies_to.hpp caf/typed_actor.hpp chrono memory string vector'
  'optional simdjson.h string string_view'
  'boost/asio/io_context.hpp'
  'caf/replies_to.hpp caf/typed_actor.hpp chrono memory string vector'
  'caf/replies_to.hpp caf/typed_actor.hpp string vector'
  'chrono memory optional string string_view vector'
  'filesystem string string_view'
  'memory'
  'functional string'
  'chrono'
  'string vector'
  'string'
  'string_view'
)

bad=0
mapfile -t headers < <(cpp_files protocol actors services | grep '\.hpp$')
mapfile -t all_headers < <(cpp_files protocol actors services test \
  | grep '\.hpp$')

# Of each source with a header: its first #include is that header.
# shellcheck disable=SC2016  # those are awk's
breaches="$(for header in "${all_headers[@]}"; do
  [[ ! -f "${header%.hpp}.cpp" ]] || printf '%s\n' "${header%.hpp}.cpp"
done | xargs -r awk '
  FNR == 1 { seen = 0 }
  !seen && /^[ \t]*#[ \t]*include/ {
    seen = 1
    own = FILENAME
    sub(/\.cpp$/, ".hpp", own)
    if ($2 != "\"" own "\"")
      printf "%s: its first #include is not \"%s\"\n", FILENAME, own
  }')"
[[ -z "$breaches" ]] || {
  printf '%s\n' "$breaches"
  bad=1
}

# What each header is compiled behind: `NUMBER HEADER`, the number of a set, or
# `- HEADER`.
# shellcheck disable=SC2016  # those are awk's
plan() {
  printf '%s\n' "${sets[@]}" | awk '
    # Marks in `has` what FILE includes, itself or through ours.
    function walk(file, n, parts, i) {
      n = split(includes[file], parts, " ")
      for (i = 1; i <= n; ++i)
        if (!(parts[i] in has)) {
          has[parts[i]]
          walk(parts[i])
        }
    }
    function first_set(s, n, parts, i) {
      for (s = 0; s < count; ++s) {
        n = split(sets[s], parts, " ")
        for (i = 1; i <= n && parts[i] in has; ++i)
          continue
        if (i > n)
          return s
      }
      return "-"
    }
    FILENAME == "-" { sets[count++] = $0; next }
    FNR == 1 { order[++total] = FILENAME }
    /^#include / { includes[FILENAME] = includes[FILENAME] " " substr($2, 2, length($2) - 2) }
    END {
      for (h = 1; h <= total; ++h) {
        split("", has)
        walk(order[h])
        print first_set(), order[h]
      }
    }' - "${headers[@]}"
}

wanted="$(plan)"
cut -d ' ' -f 1 <<<"$wanted" | sort -u | while read -r number; do
  [[ "$number" == - ]] \
    || printf '%s\0%s\0' "$number" "${sets[number]}"
done | xargs -0 -r -n 2 -P "$(nproc)" \
  "$BASH" "$here/precompile.sh" "$cache" "${precompiler[@]}" || bad=1

# xargs ends with 123 when one of its commands failed.
xargs -r -n 2 -P "$(nproc)" \
  "$BASH" "$here/compile_alone.sh" "$cache" "${compiler[@]}" <<<"$wanted" || bad=1
echo "${#headers[@]} headers compile alone"
exit "$bad"
