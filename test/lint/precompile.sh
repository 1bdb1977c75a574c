#!/usr/bin/env bash
# Precompiles a set of headers for compile_alone.sh, as CACHE/set-NUMBER.
#
# Usage: precompile.sh CACHE COMPILER [ARGUMENT]... NUMBER 'HEADER...'
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
read -ra headers <<<"${*: -1}"
compiler=("${@:2:$#-3}")
wrapper="$1/set-${*: -2:1}"
text="$(printf '#include <%s>\n' "${headers[@]}")"

[[ ! -f "$wrapper" || "$(<"$wrapper")" != "$text" ]] || ! is_fresh "$wrapper.d" \
  || exit 0
printf '%s\n' "$text" >"$wrapper"
# Without what is precompiled each header is compiled as it is.
rm -f "$wrapper.gch" "$wrapper.d"
"${compiler[@]}" -std=c++20 -x c++-header -I . -MD -MF "$wrapper.d" \
  -o "$wrapper.gch" "$wrapper" 2>/dev/null || rm -f "$wrapper.gch" "$wrapper.d"
