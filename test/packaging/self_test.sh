#!/usr/bin/env bash
# The tests of this folder fail when they should, and say what to do.
#
# Usage: self_test.sh PRINT_LIMITS
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
top="$here/../.."
print_limits="$(realpath "$1")"
tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
failed=0
checks=0

# A tree that breaks nothing.
plant() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/{packaging,protocol,bin}
  cp -r "$top"/packaging/{man,debian,systemd,dependencies.sh} \
    "$tree/packaging"
  (cd "$top" && cp --parents protocol/{base,gate,guard,supervisor}/limits.hpp \
    protocol/base/log_limits.hpp \
    protocol/varlink/idl.cpp "$tree")
  cp "$top/meson.build" "$tree"
}

# A program SCRIPT of bash, called NAME.
program() {
  printf '#!/usr/bin/env bash\n%s\n' "$2" >"$tree/bin/$1"
  chmod +x "$tree/bin/$1"
}

# Changes FILE by the expression of sed, which must change it.
change() {
  local before
  before="$(cksum <"$tree/$1")"
  sed -i -E "$2" "$tree/$1"
  [[ "$(cksum <"$tree/$1")" != "$before" ]] \
    || { echo "nothing changed in $1: $2"; failed=1; }
}

# TEXT COMMAND...: the test fails and says TEXT. Empty: it does not fail.
expect() {
  local text="$1" said status=0
  shift
  said="$("$@" 2>&1)" || status=$?
  checks=$((checks + 1))
  if [[ -z "$text" && ("$status" == 0 || "$status" == 77) ]] \
    || [[ -n "$text" && "$status" == 1 && "$said" == *"$text"* ]]; then
    return
  fi
  printf '%s: expected "%s", got %d:\n%s\n' "$*" "${text:-success}" \
    "$status" "$said"
  failed=1
}

limits() { expect "$1" "$here/limits.sh" "${2:-$print_limits}" "$tree"; }
pages() { expect "$1" "$here/pages.sh" "$tree"; }
debian() { expect "$1" "$here/debian.sh" "$tree"; }
options() {
  expect "$1" "$here/options.sh" "$tree/bin/some" "$tree/page.1"
}
gate_limits=packaging/man/terok-gate-limits.7
hub=packaging/man/terok-clearance.1
protocol=packaging/man/terok-clearance.7

plant
limits ''
pages ''
debian ''

# Limits: another value, another unit, one that is new, gone, told twice, or
# held by nothing.
change "$gate_limits" 's/headers: 16 KiB/headers: 17 KiB/'
limits 'head_max_bytes is 16 KiB, but packaging/man/terok-gate-limits.7 says 17 KiB'
plant
change "$gate_limits" 's/headers: 16 KiB/headers: 16/'
limits 'head_max_bytes is 16 KiB, but'
plant
change "$gate_limits" 's/^(\.It connections: 512)/\12/'
limits 'connections_max is 512, but packaging/man/terok-gate-limits.7 says 5122'
plant
program more "'$print_limits'; echo protocol/gate/limits.hpp new_limit 3 s"
limits '.\" limit: new_limit' "$tree/bin/more"
program fewer "'$print_limits' | grep -v head_max_bytes"
limits 'tells the limit head_max_bytes,' "$tree/bin/fewer"
program none 'true'
limits 'no limit was told' "$tree/bin/none"
change "$gate_limits" 's/^(\.\\" limit: )head_time_limit/\1head_max_bytes/'
limits 'tells the limit head_max_bytes twice'
plant
change "$gate_limits" '/limit: head_max_bytes/d'
limits 'a limit that nothing holds: .It a request'

# A constant that the printer would leave out.
echo 'constexpr int hidden = 3;' >>"$tree/protocol/base/limits.hpp"
expect 'does not understand: constexpr int hidden' \
  awk -f "$here/limits.awk" "$tree/protocol/base/limits.hpp"

# Options: one that only the help has, only the page, with another argument.
printf '%s\n' .Sh\ OPTIONS '.It Fl -help' '.It Fl -level Ar n' '.Ss run' \
  '.It Fl -all' >"$tree/page.1"
# WORDS: the program's help without a subcommand has them, too.
tells() {
  program some "case \"\$1\" in
    run) printf '%s\n' '  --all      all' '  --level N  how' '  --help' ;;
    *) printf '%s\n' '  run      runs' '  --help   help' '$1' ;;
  esac"
}
tells ''
options ''
tells '  --new DIR  there'
options '.It Fl -new Ar dir'
tells '  --level M  how'
options '.It Fl -level Ar m'
tells '  again  runs'
options 'has no subsection for again'
tells ''
echo '.It Fl -gone' >>"$tree/page.1"
options 'page.1 has --gone, which some run --help has not'

# Pages: what mdoc or a reader would miss.
plant
change "$hub" '/^\.Sh EXAMPLES/d'
pages 'has no section EXAMPLES'
plant
change "$hub" 's/^\.Xr terok-gate 1/.Xr terok-gates 1/'
pages 'terok-gates(1), which there is not'
plant
change "$protocol" 's/^# Runs the shield/# Runs a shield/'
pages 'terok-clearance.7: clearance_verdict is not as'
plant
touch "$tree/packaging/systemd/new@.socket.in"
pages 'does not tell of new@.socket'
if command -v mandoc >/dev/null; then
  plant
  change "$hub" 's/^\.Sh FILES/.Foo\n&/'
  pages 'Foo'
fi

# The package: a dependency or a version that it does not have.
plant
change packaging/dependencies.sh 's/^meson  /mesons  /'
debian 'does not: add mesons to Build-Depends'
plant
change meson.build "s/^  version: '.*'/  version: '7.0.0'/"
debian 'meson.build says version 7.0.0'
debian 'not called libclearance7, as'

echo "$checks checks"
exit "$failed"
