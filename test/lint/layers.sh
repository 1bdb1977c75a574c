#!/usr/bin/env bash
# The layer rule, by #include: which folder may know which.
#
#   protocol   std, simdjson
#   actors     protocol, CAF, std; not actors/io, not Boost, of POSIX the types
#   actors/io  protocol, actors, CAF, Boost, POSIX, std
#   services   everything but test
#
# And the order of the subjects in a layer: a subject is a folder, and includes
# of its own layer only itself and what `subjects` below names for it. Nothing
# runs upward, so whoever changes a subject need not know those above it.
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
    # Headers that are installed beside each other find each other anywhere.
    if (FILENAME ~ /^services\/embedding\/clearance\.hpp$/ \
        && target == "\"operators.hpp\"")
      return "services"
    return "a path that does not start at the top"
  }
  if (target ~ /^<caf\//) return "caf"
  if (target ~ /^<boost\//) return "boost"
  if (target ~ /^<simdjson\.h>/) return "simdjson"
  if (target == "<emmintrin.h>") return "std" # of the compiler, for SSE2
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
# A subject comes after all that it includes: what is not known yet is a fault.
function subject(layer, name, lower, each, i) {
  known[layer "/" name]
  on[layer "/" name, layer "/" name]
  split(lower, each)
  for (i in each) {
    if (!((layer "/" each[i]) in known)) {
      printf "layers.sh: %s/%s comes before %s\n", layer, name, each[i]
      bad = 1
    }
    on[layer "/" name, layer "/" each[i]]
  }
}
function subjects() {
  subject("protocol", "base")
  subject("protocol", "text", "base")
  subject("protocol", "json", "base text")
  subject("protocol", "hub", "base text json")
  subject("protocol", "operator", "base text json hub")
  subject("protocol", "varlink", "base text json hub operator")
  subject("protocol", "gate", "base text json")
  subject("protocol", "guard", "base operator")
  # Fields of HTTP are compared as the gate compares them.
  subject("protocol", "web", "base text json hub operator gate")
  subject("protocol", "metrics")
  # A sidecar names the gate of its container: repository, access, token.
  subject("protocol", "supervisor", "base text json gate")

  subject("actors", "base")
  subject("actors", "executor", "base")
  subject("actors", "hub", "base executor")
  subject("actors", "operator", "base executor hub")
  subject("actors", "gate", "base")
  # The gate has the HTTP port.
  subject("actors", "metrics", "base gate")
  subject("actors", "supervisor", "base executor hub operator gate")

  subject("actors/io", "base")
  subject("actors/io", "process", "base")
  subject("actors/io", "socket", "base")
  subject("actors/io", "gate", "base")
  # A request is carried out by a program that runs.
  subject("actors/io", "http", "base process socket")
  subject("actors/io", "loop", "base process socket")
  subject("actors/io", "supervisor", "base process socket gate loop")

  subject("services", "process")
  subject("services", "sandbox", "process")
  subject("services", "cli", "process sandbox")
  subject("services", "operator", "process cli")
  subject("services", "client", "process cli")
  subject("services", "tui", "process cli client")
  subject("services", "web", "process cli client")
  subject("services", "notify", "process cli client")
  subject("services", "clearance", "process sandbox cli operator client notify")
  subject("services", "gate", "process sandbox cli")
  subject("services", "guard", "process sandbox cli client")
  # Both serve the gate beside the hub.
  subject("services", "supervisor", "process sandbox cli operator gate")
  subject("services", "embedding", "process sandbox cli operator gate")
}
# The folder below its layer; nothing for a file that lies in the layer itself.
function subject_of(path, layer, rest) {
  rest = substr(path, length(layer) + 2)
  return index(rest, "/") ? layer "/" substr(rest, 1, index(rest, "/") - 1) : ""
}
BEGIN {
  subjects()
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
  mine = subject_of(FILENAME, layer)
  if (mine != "" && !(mine in known)) {
    printf "%s:1: %s is no subject; name it in test/lint/layers.sh\n",
           FILENAME, mine
    bad = 1
  }
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
  } else if (kind == layer && mine in known && index(target, "/")) {
    theirs = subject_of(substr(target, 2), layer)
    if (!((mine, theirs) in on)) {
      printf "%s:%d: %s may not include %s: it is above it, or not named\n",
             FILENAME, FNR, mine, theirs
      bad = 1
    }
  }
}
END { exit bad }
' "${files[@]}"
