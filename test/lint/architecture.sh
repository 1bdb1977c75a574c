#!/usr/bin/env bash
# ARCHITECTURE.md says what is there:
#
#   Code map     a row for each folder of the layers, and no other folder
#   Messages     an arrow for each message that a typed actor of actors/ gets or
#                answers with, and no other message
#   Four walks   the files, and in each the functions that its line names
#
# The files that it, README.md, CONTRIBUTING.md, SECURITY.md and the tables of
# test/end_to_end/README.md name or link exist.
#
# Usage: architecture.sh [TREE]. Says each breach and ends with 1.
set -euo pipefail
cd "${1:-.}"
page=ARCHITECTURE.md
bad=0
[[ -f "$page" ]] || exit 0

# WORD... : one breach.
breach() {
  echo "$*"
  bad=1
}

# TITLE: the page's section of that name.
section() {
  awk -v title="## $1" '/^## /{ on = $0 == title; next } on' "$page"
}

# -- code map -----------------------------------------------------------------

# shellcheck disable=SC2016  # those are backquotes
mapped="$(section 'Code map' | grep -oE '^\| `[a-z_/]+/`' | grep -oE '[a-z_]+[a-z_/]*' \
  | sed 's|/$||' | sort || true)"
folders="$(find protocol actors services -type f \( -name '*.?pp' -o -name '*.md' \) \
  | sed 's|/[^/]*$||' | sort -u)"
while read -r folder; do
  [[ -z "$folder" ]] || [[ -d "$folder" ]] \
    || breach "$page: the code map has $folder/, which is not there"
done <<<"$mapped"
while read -r folder; do
  [[ -z "$folder" ]] || grep -qxF "$folder" <<<"$mapped" \
    || breach "$page: the code map has no row for $folder/"
done <<<"$folders"

# -- messages -----------------------------------------------------------------

drawn="$(section 'Messages' | grep -oE -- '--[a-z_]+--+>' | tr -d '>-' | sort -u || true)"
# Headers are read as one line each: clang-format breaks lines where it likes.
declared="$(find actors -name '*.hpp' -exec cat {} + | sed 's|//.*||' | tr -d '\n ' \
  | grep -oE '(reacts_to|replies_to|::with)<[a-z_:]+' \
  | sed 's/.*[<:]//' | sort -u || true)"
while read -r name; do
  [[ -z "$name" ]] || grep -qxF "$name" <<<"$declared" \
    || breach "$page: the message $name is in no header of actors/"
done <<<"$drawn"
# The drawings have names without such arrows, too: of messages and of actors.
while read -r name; do
  [[ -z "$name" ]] || grep -qxF "$name" <<<"$declared" \
    || compgen -G "actors/*/$name.hpp" >/dev/null \
    || breach "$page: draws $name, which is no message and no actor"
done < <(section 'Messages' | awk '/^```/ { on = !on } on' \
  | grep -oE '[a-z]+(_[a-z]+)+' | sort -u || true)
while read -r name; do
  [[ -z "$name" ]] || grep -qxF "$name" <<<"$drawn" \
    || breach "$page: no arrow for the message $name"
done <<<"$declared"

# -- walks --------------------------------------------------------------------

# N. `FILE`: `function`, `function` — what happens
while IFS= read -r line; do
  names="${line%% — *}"
  file="$(cut -d '`' -f 2 <<<"$names")"
  if [[ ! -f "$file" ]]; then
    breach "$page: walks through $file, which is not there"
    continue
  fi
  # shellcheck disable=SC2016  # those are backquotes
  while read -r name; do
    [[ -z "$name" ]] || grep -qE "(^|[^a-z_])$name\(" "$file" \
      || breach "$page: $file has no function $name"
  done < <(cut -d: -f 2- <<<"$names" | grep -oE '`[a-z_]+`' | tr -d '`')
done < <(section 'Four walks' | grep -E '^[0-9]+\. ')

# -- files --------------------------------------------------------------------

for each in "$page" README.md CONTRIBUTING.md SECURITY.md test/end_to_end/README.md \
  services/embedding/README.md; do
  [[ -f "$each" ]] || continue
  # shellcheck disable=SC2016  # those are backquotes
  while read -r path; do
    [[ -e "$path" || -e "$path.cpp" ]] || breach "$each: names $path, which is not there"
  done < <(grep -oE '`(protocol|actors|services|test|packaging)/[A-Za-z0-9_./-]*`' "$each" \
    | tr -d '`' | sort -u)
  while read -r path; do
    [[ -e "$(dirname "$each")/$path" ]] || breach "$each: links $path, which is not there"
  done < <(grep -oE '\]\([A-Za-z0-9_./-]+[)#]' "$each" | cut -c 3- | tr -d ')#' | sort -u)
done
exit "$bad"
