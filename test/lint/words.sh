#!/usr/bin/env bash
# One word, one meaning: words that were struck do not come back. ARCHITECTURE.md
# has the vocabulary; the second column says what to write.
#
# Usage: words.sh [TREE]. Names each breach and ends with 1.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
cd "${1:-.}"

# A word as grep -E knows it, in any case, and the word to use.
struck() {
  cat <<'WORDS'
parcels?|unhanded               undelivered event
bindings|binding_[a-z_]+        open request
followers?                      subscriber
acceptors?                      listener
seats?                          slot
gauges?                         queue status
confine[sd]?|confining          sandbox
unconfined|confinements?        sandbox
admission                       backpressure
patience                        a pause budget, a time limit
WORDS
}

# Prometheus calls a type of metric a gauge.
mapfile -t files < <(text_files | grep -vxE \
  'CHANGELOG.md|ARCHITECTURE.md|test/lint/(words|self_test).sh' \
  | grep -vxE '(test/)?protocol/metrics/prometheus\.[ch]pp')
((${#files[@]} > 0)) || { echo 'no files to look at'; exit 1; }

bad=0
while read -r word instead; do
  while IFS=: read -r file line text; do
    echo "$file:$line: \"$(grep -oiwE -m 1 "$word" <<<"$text" | head -n 1)\":" \
      "write $instead"
    bad=1
  done < <(grep -niwHE "$word" "${files[@]}" || true)
done < <(struck)
exit "$bad"
