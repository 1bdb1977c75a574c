#!/usr/bin/env bash
# The plots and the table of test/bench/README.md contain measured figures only.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

if ! command -v python3 >/dev/null; then
  echo 'skipped: the plots: need python3'
  exit 77
fi

fail() {
  printf 'failed: %s\n' "$*" >&2
  exit 1
}

# WORKLOAD METRIC HUB FLOOR
row() {
  printf '{"workload":"%s","metric":"%s","hub":%s,"floor":%s,"ratio":1.25}' "$@"
}

figures() {
  local rows=() n
  for n in 1 10 100 1000; do
    rows+=("$(row "throughput $n" events/s 12345 23456)")
  done
  for n in 1 10 100; do
    rows+=("$(row "latency-in-turn $n" p50 84.5 70)")
    rows+=("$(row "latency-paced $n" p50 114.5 90)")
  done
  local IFS=,
  printf '{"version":"1.2.3","machine":"a <machine> & more","date":%s,%s}' \
    '"2026-01-02T03:04:05Z","rounds":5' "\"figures\":[${rows[*]}]"
}

figures >"$work/figures.json"
"$here/plot" "$work/figures.json" "$work" >/dev/null
for name in events-per-second latency; do
  python3 -c 'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])' \
    "$work/$name.svg"
  grep -q 'a &lt;machine&gt; &amp; more; 5 rounds, 2026-01-02' \
    "$work/$name.svg" || fail "$name does not say on what it was taken"
done
grep -q '12.3 k' "$work/events-per-second.svg" || fail 'no hub is drawn'
grep -q '23.5 k' "$work/events-per-second.svg" || fail 'no floor is drawn'
[[ "$(grep -o '1\.25' "$work/latency.svg" | wc -l)" == 6 ]] \
  || fail 'a ratio is missing'

# If a figure was not measured, the plot is refused.
sed 's/throughput 100"/throughput 7"/' "$work/figures.json" >"$work/less.json"
status=0
why="$("$here/plot" "$work/less.json" "$work" 2>&1)" || status=$?
[[ "$status" == 1 && "$why" == *'no figure throughput 100, events/s' ]] \
  || fail "it said: $why"

# The table is refused, too.
status=0
why="$("$here/table" "$work/figures.json" 2>&1)" || status=$?
[[ "$status" == 1 && "$why" == *'no figure latency-in-turn 1, cpu/event' ]] \
  || fail "the table said: $why"
