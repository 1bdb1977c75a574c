#!/usr/bin/env bash
# A plot of a soak shows the measured figures, and says if something was wrong.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

if ! command -v python3 >/dev/null; then
  echo 'skipped: the plot of a soak: needs python3'
  exit 77
fi

fail() {
  printf 'failed: %s\n' "$*" >&2
  exit 1
}

# NAME
program() {
  printf '{"name":"%s","resident_bytes":[9437184,18874368],' "$1"
  printf '"descriptors":[10,40],"threads":[4,4],"children":[0,0]}'
}

# WRONG
figures() {
  printf '{"date":"2026-01-02T03:04:05Z","machine":"a <machine>",'
  printf '"version":"1.2.3","minutes":30,"seed":1,"wrong":[%s],' "$1"
  printf '"done":{"lines":7000,"shield runs":50,"clones":5,"pushes":6},'
  printf '"seconds":[0,1800],"programs":[%s,%s]}' "$(program hub)" \
    "$(program gate)"
}

figures '' >"$work/figures.json"
"$here/plot" "$work/figures.json" "$work/soak.svg" >/dev/null
python3 -c 'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])' \
  "$work/soak.svg"
grep -qF 'a &lt;machine&gt;; 2026-01-02, version 1.2.3' "$work/soak.svg" \
  || fail 'it does not say on what it was taken'
grep -qF '7000 lines, 50 verdicts, 11 transfers; nothing wrong' \
  "$work/soak.svg" || fail 'it does not say what was done'
# 18 of 20 MiB is nine tenths of the way from 210 up to 60. 40 of 40 descriptors
# is all of the way from 340 up to 240. Both points are at the right end.
grep -qF '616.0,75.0"' "$work/soak.svg" || fail 'memory is drawn elsewhere'
grep -qF '616.0,240.0"' "$work/soak.svg" || fail 'descriptors are elsewhere'

figures '"a","b"' >"$work/figures.json"
"$here/plot" "$work/figures.json" "$work/soak.svg" >/dev/null
grep -qF '; 2 wrong' "$work/soak.svg" || fail 'it hides what was wrong'

# Without figures there is no plot.
printf '{}' >"$work/none.json"
status=0
"$here/plot" "$work/none.json" "$work/none.svg" 2>/dev/null || status=$?
[[ "$status" == 1 && ! -e "$work/none.svg" ]] || fail "it ended with $status"
