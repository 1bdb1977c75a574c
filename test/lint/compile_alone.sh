#!/usr/bin/env bash
# Compiles a header that nothing stands before. Leaves a list of what it read in
# CACHE; as long as none of that is newer, once is enough.
#
# Usage: compile_alone.sh CACHE COMPILER [ARGUMENT]... HEADER
set -euo pipefail
header="${*: -1}"
compiler=("${@:2:$#-2}")
list="$1/${header//\//_}.d"

if [[ -s "$list" ]]; then
  # A rule of make: `TARGET: FILE FILE \`.
  mapfile -t files < <(awk '{
    for (i = 1; i <= NF; ++i)
      if ($i !~ /:$/ && $i != "\\")
        print $i
  }' "$list")
  newer="$(find "${files[@]}" -newer "$list" -print -quit 2>&1)" || newer=gone
  [[ -n "$newer" ]] || exit 0
fi
if ! "${compiler[@]}" -std=c++20 -fsyntax-only -x c++ -I . \
  -MD -MF "$list.new" - <<<"#include \"$header\""; then
  echo "$header: does not compile alone"
  exit 1
fi
mv "$list.new" "$list"
