#!/usr/bin/env bash
# The layer rule, by #include: which folder may know which.
#
#   protocol   std, simdjson
#   actors     protocol, CAF, std; not actors/io, not Boost, of POSIX the types
#   actors/io  protocol, actors, CAF, Boost, POSIX, std
#   services   everything but test
#
# Usage: layers.sh [TREE]. Says each breach as FILE:LINE and ends with 1.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
cd "${1:-.}"

mapfile -t files < <(cpp_files protocol actors services)
((${#files[@]} > 0)) || { echo 'no files to look at'; exit 1; }

awk '
# What `target` is, with its quotes or brackets.
function kind_of(target) {
  if (target ~ /^"/) {
    if (target ~ /^"actors\/io\//) return "actors/io"
    if (target ~ /^"(protocol|actors|services|test)\//)
      return substr(target, 2, index(target, "/") - 2)
    return "a path that does not start at the top"
  }
  if (target ~ /^<caf\//) return "caf"
  if (target ~ /^<boost\//) return "boost"
  if (target ~ /^<simdjson\.h>/) return "simdjson"
  if (target ~ /^<doctest\//) return "doctest"
  if (target ~ /^<([io]?f?stream|iostream|filesystem|print)>$/ \
      || target ~ /^<(thread|mutex|future|ctime|csignal)>$/)
    return "io_std"
  if (target ~ /^<[a-z0-9_]+>$/) return "std"
  if (target == "<sys/types.h>") return "posix_types"
  if (target ~ /^<[a-z0-9_\/]+\.h>$/) return "posix"
  return "other"
}
function allow(layer, kinds, each, i) {
  split(kinds, each)
  for (i in each)
    ok[layer, each[i]]
}
BEGIN {
  below = "protocol actors caf std io_std posix_types"
  allow("protocol", "protocol simdjson std")
  allow("actors", below)
  allow("actors/io", below " actors/io boost posix")
  allow("services", below " actors/io services boost posix simdjson other")
}
FNR == 1 {
  layer = substr(FILENAME, 1, index(FILENAME, "/") - 1)
  if (FILENAME ~ /^actors\/io\//)
    layer = "actors/io"
}
/^[ \t]*#[ \t]*include/ {
  target = $0
  sub(/^[ \t]*#[ \t]*include[ \t]*/, "", target)
  sub(/[ \t]*(\/\/.*|\/\*.*)?$/, "", target)
  kind = kind_of(target)
  if (!((layer, kind) in ok)) {
    printf "%s:%d: %s may not include %s (%s)\n", FILENAME, FNR, layer,
           target, kind
    bad = 1
  }
}
END { exit bad }
' "${files[@]}"
