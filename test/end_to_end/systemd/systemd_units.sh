#!/usr/bin/env bash
# Checks the text of the units with systemd-analyze: systemd must know every
# setting in them, and hub and gate may have an exposure of at most 2.0 of 10.
# The test systemd_manager.cpp shows that a manager can start them.
#
# Usage: systemd_units.sh UNITS BINDIR PROGRAMS
#   UNITS     the folder of the units
#   BINDIR    the folder of the programs that the units name
#   PROGRAMS  the folder in which the programs really are
set -euo pipefail

if ! command -v systemd-analyze >/dev/null; then
  echo 'skipped: systemd_units: there is no systemd-analyze'
  exit 0
fi
if ! systemd-analyze --help | grep -q -e --offline; then
  echo "skipped: systemd_units: $(systemd-analyze --version | head -n 1)" \
    'cannot look at units offline'
  exit 0
fi

tree="$(mktemp -d)"
trap 'rm -rf "$tree"' EXIT
export XDG_RUNTIME_DIR="$tree" XDG_CONFIG_HOME="$tree/config"
mkdir "$tree/units"
for unit in "$1"/clearance-*; do
  sed "s|$2/|$3/|g" "$unit" >"$tree/units/$(basename "$unit")"
done
cd "$tree/units"
# systemd's own units, because our units name targets of systemd.
export SYSTEMD_UNIT_PATH="$tree/units:/usr/lib/systemd/user"
failed=0

for unit in *.socket *.service; do
  said="$(systemd-analyze --user --man=no verify \
    "${unit/@./@demo.}" 2>&1)" || failed=1
  if [[ -n "$said" ]]; then
    printf '%s: verify says:\n%s\n' "$unit" "$said"
    failed=1
  fi
done

for unit in clearance-hub.service clearance-gate@.service; do
  if ! systemd-analyze --user security --offline=yes --threshold=20 \
    "$unit" >"$tree/score"; then
    printf '%s: more than 2.0:\n' "$unit"
    grep -v '✓' "$tree/score"
    failed=1
  fi
  tail -n 1 "$tree/score"
done
exit "$failed"
