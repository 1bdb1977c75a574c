#!/usr/bin/env bash
# Each lint passes a clean tree and fails one that breaks its rule.
#
# Usage: self_test.sh COMPILER [ARGUMENT]...
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
compiler=("$@")
tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
failed=0
checks=0

# A tree that breaks no rule.
plant() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/{actors/io,protocol,services,test,packaging,.ci}
  header protocol/a '<string>' 'std::string'
  header actors/b '<caf/actor.hpp>' 'int'
  header actors/io/c '<unistd.h>' 'uid_t'
  header services/d '"actors/io/c.hpp"' 'int'
  printf "x = dependency(\n  'x', version: '>=1')\ny = dependency('threads')\n" \
    >"$tree/meson.build"
  printf 'libx-dev  x  to x\n' >"$tree/packaging/dependencies.sh"
}

# FOLDER/NAME INCLUDE TYPE: a header, its source, its meson.build.
header() {
  printf '#pragma once\n#include %s\nextern %s %s;\n' "$2" "$3" \
    "$(basename "$1")" >"$tree/$1.hpp"
  printf '#include "%s.hpp"\n' "$1" >"$tree/$1.cpp"
  printf "files('%s.cpp')\n" "$(basename "$1")" \
    >"$tree/$(dirname "$1")/meson.build"
}

# LINT TEXT: the lint fails and says TEXT. Without TEXT: it passes.
expect() {
  local lint="$1" text="${2-}" said status=0 arguments=("$tree")
  case "$lint" in
    headers) arguments+=("$tree/cache" "${compiler[@]}") ;;
    tidy) arguments+=("$tree/cache") ;;
  esac
  said="$(bash "$here/$lint.sh" "${arguments[@]}" 2>&1)" || status=$?
  ((++checks))
  if [[ -z "$text" && "$status" == 0 ]] \
    || [[ -n "$text" && "$status" == 1 && "$said" == *"$text"* ]]; then
    return
  fi
  printf '%s: expected "%s", got %d:\n%s\n' "$lint" "${text:-success}" \
    "$status" "$said"
  failed=1
}

# FILE INCLUDE...: the layer lint refuses each of them there.
refused() {
  local file="$1" include
  shift
  for include in "$@"; do
    plant
    printf '#include %s\n' "$include" >>"$tree/$file"
    expect layers "$file:"
  done
}

plant
for lint in clocks dependencies layers text sources headers threats words; do
  expect "$lint"
done

refused protocol/a.cpp '<caf/actor.hpp>' '<boost/asio.hpp>' '<unistd.h>' \
  '"actors/b.hpp"' '"services/d.hpp"' '<iostream>' '<sys/types.h>' '"a.hpp"'
refused actors/b.cpp '<boost/asio.hpp>' '<unistd.h>' '"actors/io/c.hpp"' \
  '"services/d.hpp"' '<simdjson.h>' '<doctest/doctest.h>'
refused actors/io/c.cpp '"services/d.hpp"' '<simdjson.h>' '<CLI/CLI.hpp>'
refused services/d.cpp '"test/e.hpp"' '<doctest/doctest.h>' '"d.hpp"'

# SUBJECT INCLUDE [TEXT]: a file of that subject that includes it.
subject() {
  plant
  mkdir -p "$tree/$1"
  printf '#include %s\n' "$2" >"$tree/$1/e.cpp"
  expect layers "${3-}"
}
subject protocol/json '"protocol/base/limits.hpp"'
subject protocol/json '"protocol/json/other.hpp"'
subject protocol/json '"protocol/hub/event.hpp"' \
  'protocol/json/e.cpp:1: protocol/json may not include protocol/hub'
subject actors/base '"actors/hub/messages.hpp"' \
  'actors/base may not include actors/hub'
subject actors/gate '"actors/hub/hub.hpp"' \
  'actors/gate may not include actors/hub'
subject actors/supervisor '"actors/hub/hub.hpp"'
subject actors/io/process '"actors/io/http/backend.hpp"' \
  'actors/io/process may not include actors/io/http'
subject actors/io/http '"actors/gate/messages.hpp"'
subject services/process '"services/cli/usage.hpp"' \
  'services/process may not include services/cli'
subject services/embedding '"services/gate/setup.hpp"'
subject protocol/misc '<string>' 'protocol/misc is no subject'

plant
awk 'BEGIN { while (++i < 499) print "// x" }' >>"$tree/protocol/a.cpp"
expect text
echo '// x' >>"$tree/protocol/a.cpp"
expect text
echo '// x' >>"$tree/protocol/a.cpp"
expect text 'protocol/a.cpp: 501 lines'

plant
echo '// x ' >>"$tree/services/d.cpp"
expect text 'services/d.cpp:2: white space'
plant
printf '// x' >>"$tree/services/d.cpp"
expect text 'services/d.cpp: no newline'
plant
sed -i 1d "$tree/protocol/a.hpp"
expect text 'protocol/a.hpp: not exactly one'

plant
printf "dependency('y')\n" >>"$tree/services/meson.build"
expect dependencies 'asks for y'
plant
printf "has_header('y/y.h')\n" >>"$tree/services/meson.build"
expect dependencies 'asks for y/y.h'

for use in 'std::chrono::system_clock::now()' 'std::time(nullptr)' 'time(0)' \
  'clock_gettime(CLOCK_REALTIME, &x)' 'asio::deadline_timer'; do
  plant
  echo "auto y = $use;" >>"$tree/services/d.cpp"
  expect clocks 'services/d.cpp:2: the real-time clock'
  mkdir -p "$tree/services/client"
  mv "$tree/services/d.cpp" "$tree/services/client/watch.cpp"
  expect clocks
done
plant
echo 'auto y = steady_clock::now(); auto z = mtime(0);' >>"$tree/actors/b.cpp"
expect clocks

plant
echo '// x' >"$tree/actors/lost.cpp"
expect sources 'actors/lost.cpp: not in'

for word in 'a Parcel' 'seats' 'binding_count' 'was confined by'; do
  plant
  echo "// $word" >>"$tree/services/d.cpp"
  expect words 'services/d.cpp:2: "'
done
plant
echo '// binding a socket; an admissions desk' >>"$tree/services/d.cpp"
expect words

# LINT: whether what it asks is here; it says so itself.
can() {
  local status=0
  plant
  bash "$here/$1.sh" "$tree" "$tree/cache" >/dev/null 2>&1 || status=$?
  ((status != 77))
}

if can format; then
  plant
  cp "$here/../../.clang-format" "$tree"
  expect format
  echo 'int   x;' >>"$tree/services/d.cpp"
  expect format 'services/d.cpp:2: not as clang-format writes it'
fi
if can tidy; then
  plant
  rm "$tree"/actors/b.* # CAF takes long
  cp "$here/../../.clang-tidy" "$tree"
  expect tidy
  # Of two sources that do not compile together one is looked at apart.
  echo 'static const int twice = 1;' | tee -a "$tree/services/d.cpp" \
    >"$tree/services/e.cpp"
  expect tidy
  echo 'int* null() { return 0; }' >>"$tree/services/e.cpp"
  expect tidy 'services/e.cpp:2:'
fi

plant
rm "$tree"/actors/b.*
printf '#include <string>\n#include "protocol/a.hpp"\n' \
  >"$tree/protocol/a.cpp"
expect headers 'protocol/a.cpp: its first #include'
plant
rm "$tree"/actors/b.*
printf '#pragma once\nextern std::string lonely;\n' \
  >"$tree/protocol/lonely.hpp"
expect headers 'protocol/lonely.hpp: does not compile alone'
sed -i '2i #include <string>' "$tree/protocol/lonely.hpp"
expect headers
# What it found is kept, but not longer than it holds.
expect headers
printf '#pragma once\n#include "protocol/lonely.hpp"\n' \
  >"$tree/protocol/lonelier.hpp"
expect headers
sed -i '2d' "$tree/protocol/lonely.hpp"
touch -d '1 hour' "$tree/protocol/lonely.hpp"
expect headers 'protocol/lonelier.hpp: does not compile alone'

# HELD_BY: a page of threats with one row that says so.
threat() {
  plant
  printf 'TEST_CASE("one "\n          "case") {\n}\n' >"$tree/test/t.cpp"
  printf '| threat | held by |\n| --- | --- |\n| x | %s |\n' "$1" \
    >"$tree/SECURITY.md"
}

# shellcheck disable=SC2016  # those are backquotes
{
  threat '`test/t.cpp`: "one case"'
  expect threats
  threat 'no test: nobody can'
  expect threats
  threat '`test/t.cpp`: "one"'
  expect threats 'has no case "one"'
  threat '`test/u.cpp`'
  expect threats 'test/u.cpp, which is not there'
  threat 'good will'
  expect threats 'SECURITY.md:3: a row without a test'
}

# SCRIPT: a small tree with its page, both changed by SCRIPT.
# shellcheck disable=SC2016  # those are backquotes
mapped() {
  plant
  mkdir -p "$tree/actors/hub"
  printf 'using a = caf::typed_actor<caf::reacts_to<told>,\n  caf::replies_to<p::asked>::with<\n    said_atom>>;\n' \
    >"$tree/actors/hub/messages.hpp"
  printf 'void told_of(int x) {\n}\n' >"$tree/actors/hub/a.cpp"
  {
    printf '## Code map\n\n| folder | x |\n| --- | --- |\n'
    find "$tree/protocol" "$tree/actors" "$tree/services" -type f \
      | sed "s|^$tree/||; s|/[^/]*$||" | sort -u \
      | while read -r each; do printf '| `%s/` | x |\n' "$each"; done
    printf '## Messages\n\n```text\n a --told--> b\n a --asked--> b\n'
    printf ' b --said_atom--> a\n```\n## Four walks\n\n'
    printf '1. `actors/hub/a.cpp`: `told_of` — see `test/t.cpp`\n'
  } >"$tree/ARCHITECTURE.md"
  echo >"$tree/test/t.cpp"
  (cd "$tree" && eval "$1")
}

# shellcheck disable=SC2016  # those are backquotes
{
  mapped true
  expect architecture
  mapped 'mkdir protocol/new && echo >protocol/new/x.hpp'
  expect architecture 'no row for protocol/new/'
  mapped 'sed -i "s|.actors/hub/. .*|\`actors/gone/\` \| x \||" ARCHITECTURE.md'
  expect architecture 'actors/gone/, which is not there'
  mapped 'sed -i s/--told--/--tolt--/ ARCHITECTURE.md'
  expect architecture 'the message tolt is in no header'
  expect architecture 'no arrow for the message told'
  mapped 'sed -i "s/^ a --told/ a_b --told/" ARCHITECTURE.md'
  expect architecture 'draws a_b, which is no message'
  mapped 'sed -i s/told_of/told/ actors/hub/a.cpp'
  expect architecture 'a.cpp has no function told_of'
  mapped 'mv actors/hub/a.cpp actors/hub/b.cpp'
  expect architecture 'walks through actors/hub/a.cpp'
  mapped 'rm test/t.cpp'
  expect architecture 'names test/t.cpp, which is not there'
  mapped 'echo "see [x](x.md)" >README.md'
  expect architecture 'README.md: links x.md, which is not there'
}

echo "$checks checks"
exit "$failed"
