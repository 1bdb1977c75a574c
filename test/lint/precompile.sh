#!/usr/bin/env bash
# Precompiles one of our headers for compile_alone.sh, in CACHE.
#
# Usage: precompile.sh CACHE COMPILER [ARGUMENT]... HEADER
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
header="${*: -1}"
compiler=("${@:2:$#-2}")
wrapper="$1/${header//\//_}"

! is_fresh "$wrapper.d" || exit 0
printf '#include "%s"\n' "$header" >"$wrapper"
# One that does not compile is named when it is compiled alone.
rm -f "$wrapper.gch" "$wrapper.d"
"${compiler[@]}" -std=c++20 -x c++-header -I . -MD -MF "$wrapper.d" \
  -o "$wrapper.gch" "$wrapper" 2>/dev/null || rm -f "$wrapper.gch" "$wrapper.d"
