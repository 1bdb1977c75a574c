#!/usr/bin/env bash
# What can be said of files line by line: none is longer than 500 lines, no
# white space at the end of a line, a newline at the end of the file, headers
# say `#pragma once`.
#
# Usage: text.sh [TREE]. Says each breach and ends with 1.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"
cd "${1:-.}"

mapfile -t files < <(text_files)
((${#files[@]} > 0)) || { echo 'no files to look at'; exit 1; }

bad=0
awk '
function end_of_file() {
  if (name == "")
    return
  if (lines > 500)
    complain(name ": " lines " lines; 500 are the limit")
  if (name ~ /\.hpp$/ && pragmas != 1)
    complain(name ": not exactly one `#pragma once`")
}
function complain(what) { print what; bad = 1 }
FNR == 1 { end_of_file(); name = FILENAME; pragmas = 0 }
{ lines = FNR }
/^#pragma once$/ { ++pragmas }
/[ \t\r]$/ { complain(FILENAME ":" FNR ": white space at the end of the line") }
END { end_of_file(); exit bad }
' "${files[@]}" || bad=1

# All last bytes at once: a process a file takes half a minute.
if [[ -n "$(tail -q -c 1 "${files[@]}" | tr -d '\n')" ]]; then
  for file in "${files[@]}"; do
    [[ -z "$(tail -c 1 "$file")" ]] || echo "$file: no newline at the end"
  done
  bad=1
fi
exit "$bad"
