#!/usr/bin/env bash
# Usage: compile_alone.sh COMPILER [ARGUMENT]... HEADER
set -euo pipefail
header="${*: -1}"
if ! "${@:1:$#-1}" -std=c++20 -fsyntax-only -x c++ -I . - \
  <<<"#include \"$header\""; then
  echo "$header: does not compile alone"
  exit 1
fi
