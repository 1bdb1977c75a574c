#!/usr/bin/env bash
# Every limit of the headers stands in its manual page, with its value.
#
# Usage: limits.sh PRINTER [TREE]. PRINTER says all limits, print_limit.hpp how.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=test/packaging/page.sh
source "$here/page.sh"
printer="$(realpath "$1")"
cd "${2:-$here/../..}"

declare -A page_of=(
  [protocol/base/limits.hpp]=packaging/man/terok-clearance-limits.7
  [protocol/base/log_limits.hpp]=packaging/man/terok-clearance-limits.7
  [protocol/gate/limits.hpp]=packaging/man/terok-gate-limits.7
  [protocol/guard/limits.hpp]=packaging/man/terok-guard-limits.7
  [protocol/metrics/limits.hpp]=packaging/man/terok-clearance-limits.7
  [protocol/operator/client_limits.hpp]=packaging/man/terok-clearance-limits.7
  [protocol/operator/limits.hpp]=packaging/man/terok-clearance-limits.7
  [protocol/supervisor/limits.hpp]=packaging/man/terok-supervisor-limits.7
  [protocol/web/limits.hpp]=packaging/man/terok-clearance-web.1
  [services/cli/limits.hpp]=packaging/man/terok-clearance-limits.7
)
# A page may tell the limits of several headers.
declare -A headers_of
for header in "${!page_of[@]}"; do
  headers_of["${page_of[$header]}"]+="${headers_of["${page_of[$header]}"]+, }$header"
done

# `NAME VALUE` a line: what a page says below `.\" limit: NAME...`, where the
# next line ends with `: VALUE, VALUE`.
limits_in_page() {
  awk '
    /^\.Sh / { section = $2 }
    section == "LIMITS" && /^\.\\" limit: / {
      count = split(substr($0, 12), names, " ")
      if ((getline line) <= 0 || line !~ /^\.It .*: /)
        line = ": nothing"
      sub(/.*: /, "", line)
      split(line, values, ", ")
      for (i = 1; i <= count; ++i)
        print names[i], (i in values ? values[i] : "nothing")
    }
  ' "$1"
}

# What a page bounds there without a name: nothing would hold it.
unnamed_in_page() {
  awk '
    /^\.Sh / { section = $2 }
    section == "LIMITS" && /^\.It / && last !~ /^\.\\" limit: / { print }
    { last = $0 }
  ' "$1"
}

declare -A stated known
for page in "${!headers_of[@]}"; do
  while read -r name value; do
    [[ ! -v stated["$page $name"] ]] \
      || breach "$page tells the limit $name twice"
    stated["$page $name"]="$value"
  done < <(limits_in_page "$page")
  while read -r line; do
    breach "$page: a limit that nothing holds: $line" \
      "Put above it \`.\\\" limit: NAME\`, NAME as in ${headers_of[$page]}."
  done < <(unnamed_in_page "$page")
done

said="$("$printer")"
count=0
while read -r header name value; do
  [[ -n "$header" && -v page_of["$header"] ]] || continue
  count=$((count + 1))
  page="${page_of[$header]}"
  known["$page $name"]=yes
  told="${stated["$page $name"]-}"
  if [[ -z "$told" ]]; then
    breach "$header: $name is not in $page;" 'add to LIMITS there:' \
      ".\\\" limit: $name" ".It what it bounds: $value" \
      'What happens at the bound, and why it is where it is.'
  elif [[ "$told" != "$value" ]] \
    && [[ ! "$value" =~ ^[0-9]+$ || "$told" != "$value "[a-z]* ]]; then
    breach "$header: $name is $value, but $page says $told" \
      "Change the line below \`.\\\" limit: $name\`."
  fi
done <<<"$said"

((count > 0)) || breach 'no limit was told'
for each in "${!stated[@]}"; do
  [[ -v known["$each"] ]] \
    || breach "${each% *} tells the limit ${each#* }," \
      "which is not in ${headers_of[${each% *}]}: take it out."
done
echo "$count limits"
verdict
