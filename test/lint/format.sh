#!/usr/bin/env bash
# clang-format settles layout: what it would write is what stands there. Other
# versions than 14 lay out some lines in another way, so they are not asked.
#
# Usage: format.sh [TREE]. Names each breach and ends with 1; 77: skipped.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
cd "${1:-.}"

if ! program="$(command -v clang-format-14 || command -v clang-format)" \
  || [[ "$("$program" --version)" != *' version 14.'* ]]; then
  echo 'skipped: format: needs clang-format 14'
  exit 77
fi

found="$(cpp_files protocol actors services test \
  | xargs -r -n 50 -P "$(nproc)" "$program" --dry-run -Werror 2>&1)" || true
[[ -n "$found" ]] || exit 0
sed -n 's|^\([^ ]*:[0-9]*\):[0-9]*: error: .*|\1: not as clang-format writes it|p' \
  <<<"$found" | LC_ALL=C sort -u -t : -k 1,1
echo 'Mend them with: clang-format -i FILE'
exit 1
