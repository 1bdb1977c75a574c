#!/usr/bin/env bash
# Shell scripts: bash reads them, and shellcheck finds nothing, where there is
# one (77 says to meson: skipped).
#
# Usage: shell.sh [TREE]
set -euo pipefail
cd "${1:-.}"

mapfile -t files < <(
  find .ci test packaging -type f -exec grep -lIE \
    '^(#!/usr/bin/env bash|# shellcheck shell=bash)$' {} + | LC_ALL=C sort
)
for file in "${files[@]}"; do
  bash -n "$file"
done
if ! command -v shellcheck >/dev/null; then
  echo 'skipped: shellcheck is not installed'
  exit 77
fi
shellcheck -x -P SCRIPTDIR -P . "${files[@]}"
