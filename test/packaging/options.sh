#!/usr/bin/env bash
# The manual pages of a program have the options of its --help, and no others.
#
# Usage: options.sh PROGRAM PAGE...
set -euo pipefail
# shellcheck source=test/packaging/page.sh
source "$(dirname "${BASH_SOURCE[0]}")/page.sh"
program="$1"
shift
pages=("$@")
name="$(basename "$program")"
shown="packaging/man/$(basename "${pages[0]}")"

mapfile -t subcommands < <("$program" --help | subcommands_in_help)
is_subcommand() {
  local each
  for each in ${subcommands[@]+"${subcommands[@]}"}; do
    [[ "$each" != "$1" ]] || return 0
  done
  return 1
}

# What stands outside of the subsections of subcommands is for all of them.
declare -A in_page in_help
while read -r where option argument; do
  is_subcommand "$where" || where='-'
  in_page["$where $option"]="$argument"
done < <(for page in "${pages[@]}"; do options_in_page "$page"; done)

# WHERE, of which subcommand's help; how the page writes OPTION ARGUMENT.
hold() {
  local where="$1" option="$2" argument="$3" at="$1 $2"
  local -r it=".It Fl ${option#-}${argument:+ Ar $argument}"
  in_help["$at"]=yes
  in_help["- $option"]=yes
  [[ -v in_page["$at"] ]] || at="- $option"
  if [[ ! -v in_page["$at"] ]]; then
    breach "$name $where --help has $option, $shown has not." \
      "Add \`$it\` and what it does to OPTIONS there," \
      'and the option to SYNOPSIS.'
  elif [[ "${in_page[$at]}" != "$argument" ]]; then
    breach "$name $where --help and $shown write $option differently." \
      "There it should be \`$it\`."
  fi
}

for where in - ${subcommands[@]+"${subcommands[@]}"}; do
  words=("$where")
  [[ "$where" != '-' ]] || words=()
  help="$("$program" ${words[@]+"${words[@]}"} --help)"
  count=0
  while read -r option argument; do
    hold "$where" "$option" "$argument"
    count=$((count + 1))
  done < <(options_in_help <<<"$help")
  ((count > 0)) || breach "$name $where --help: no option was found"
  [[ "$where" == '-' ]] || grep -qxh "\.Ss $where" "${pages[@]}" \
    || breach "$shown has no subsection for $where." \
      "Add \`.Ss $where\` to OPTIONS."
done
for each in "${!in_page[@]}"; do
  [[ -v in_help["$each"] ]] \
    || breach "$shown has ${each#* }, which $name ${each% *} --help has not." \
      'Take it out there, or add it to the help.'
done
echo "${#in_help[@]} options of $name"
verdict
