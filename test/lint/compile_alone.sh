#!/usr/bin/env bash
# Compiles a header that nothing stands before, or nothing but the precompiled
# set of that NUMBER (see headers.sh; `-`: none). Leaves a list of what it read
# in CACHE; as long as none of that is newer, once is enough.
#
# Usage: compile_alone.sh CACHE COMPILER [ARGUMENT]... NUMBER HEADER
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
header="${*: -1}"
compiler=("${@:2:$#-3}")
list="$1/${header//\//_}.alone.d"
behind=()
wrapper="$1/set-${*: -2:1}"
[[ ! -f "$wrapper.gch" ]] || behind=(-include "$wrapper")

! is_fresh "$list" || exit 0
if ! "${compiler[@]}" -std=c++20 -fsyntax-only -x c++ -I . \
  ${behind[@]+"${behind[@]}"} \
  -MD -MF "$list.new" - <<<"#include \"$header\""; then
  echo "$header: does not compile alone"
  exit 1
fi
mv "$list.new" "$list"
