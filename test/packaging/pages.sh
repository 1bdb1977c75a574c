#!/usr/bin/env bash
# The manual pages: they are sound mdoc(7), have the sections that one looks
# for, name no page of ours that there is not, and tell the interfaces as they
# are served.
#
# Usage: pages.sh [TREE]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=test/packaging/page.sh
source "$here/page.sh"
cd "${1:-$here/../..}"
pages=(packaging/man/*.[157])

# PAGE SECTION...
needs() {
  local page="$1" section text
  shift
  text="$(<"$page")"
  for section; do
    [[ "$text" == *$'\n'".Sh $section"$'\n'* ]] \
      || breach "$page has no section $section"
  done
}

for page in "${pages[@]}"; do
  needs "$page" NAME DESCRIPTION SECURITY 'SEE ALSO'
  [[ "$page" == *-limits.7 ]] || needs "$page" 'EXIT STATUS' EXAMPLES
  [[ "$page" != *.1 ]] || needs "$page" SYNOPSIS OPTIONS ENVIRONMENT FILES \
    SIGNALS
  while read -r name section; do
    [[ -f "packaging/man/$name.$section" ]] \
      || breach "$page refers to $name($section), which there is not"
  done < <(awk '$1 == ".Xr" && $2 ~ /^terok-/ { print $2, $3 }' "$page" \
    | sort -u)
done

# Between `.\" idl: NAME` and the end of what is displayed, of `NAME =`.
idl_of_page() {
  awk -v name="$1" '
    index($0, ".\\\" idl: ") == 1 { on = $3 == name; getline; next }
    /^\.Ed$/ { on = 0 }
    on
  ' packaging/man/terok-clearance.7
}

idl_of_source() {
  awk -v name="$1" '
    /^const std::string_view [a-z_]+ =$/ { on = $3 == name; next }
    on && sub(/^ *R"idl\(/, "") { inside = 1 }
    on && /^\)idl";$/ { inside = 0 }
    inside
  ' protocol/varlink/idl.cpp
}

interfaces=(service clearance clearance_verdict clearance_shield)
count="$(grep -c '^const std::string_view' protocol/varlink/idl.cpp)"
[[ "$count" == "${#interfaces[@]}" ]] \
  || breach "protocol/varlink/idl.cpp has $count interfaces, the test knows" \
    "${interfaces[*]}"
for each in "${interfaces[@]}"; do
  text="$(idl_of_source "$each")"
  [[ "$text" == *interface* ]] || breach "protocol/varlink/idl.cpp: no $each is found"
  [[ "$text" == "$(idl_of_page "$each")" ]] \
    || breach "packaging/man/terok-clearance.7: $each is not as" \
      "protocol/varlink/idl.cpp has it. Copy the text below \`.\\\" idl: $each\`."
done
for unit in packaging/systemd/*.in; do
  name="$(basename "$unit" .in)"
  grep -qF -- "${name/@./@NAME.}" packaging/man/terok-clearance.7 \
    || breach "packaging/man/terok-clearance.7 does not tell of $name:" \
      'add it to SYSTEMD there.'
done
verdict

checked=''
if command -v mandoc >/dev/null; then
  checked+=' mandoc'
  for page in "${pages[@]}"; do
    said="$(mandoc -Tlint -Wwarning "$page" 2>&1)" || breach "$said"
  done
fi
# Where pages are left out, as in small containers, `man` may be a script.
if [[ "$(man --version 2>/dev/null)" == man\ * ]] \
  && command -v groff >/dev/null; then
  checked+=' man'
  for page in "${pages[@]}"; do
    said="$(MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -l "$page" 2>&1 \
      >/dev/null)" || breach "$page: man cannot show it"
    [[ -z "$said" ]] || breach "$page: $said"
  done
fi
echo "${#pages[@]} pages, looked at by: this test${checked:- alone}"
verdict
if [[ "$checked" != *mandoc* ]]; then
  echo 'skipped: manual pages as mandoc sees them: mandoc is not installed'
  exit 77
fi
