#!/usr/bin/env bash
# What a shell offers: every subcommand, every option that --help has, and what
# an argument may be. The same is asked of bash and of zsh.
#
# Usage: completions.sh bash|zsh COMPLETION PROGRAM...
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=test/packaging/page.sh
source "$here/page.sh"
shell="$1" completion="$(realpath "$2")"
shift 2
if ! command -v "$shell" >/dev/null; then
  echo "skipped: completion of $shell: $shell is not installed"
  exit 77
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/here" "$work/here/some-directory"
for program; do
  ln -s "$(realpath "$program")" "$work/bin/$(basename "$program")"
done
ln -s terok-clearance "$work/bin/terok-clearance-hub"
PATH="$work/bin:$PATH"
touch "$work/here/some-file" "$work/here/side.json"
cd "$work/here"

# LINE: prints `LINE -> WORD` for each word that bash offers at its end. Takes
# the line apart as readline does: `=` and `:` are words of their own.
ask_bash() {
  local words="${1//=/ = }"
  read -ra COMP_WORDS <<<"${words//:/ : }"
  [[ "$1" != *[\ =:] ]] || COMP_WORDS+=('')
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  [[ "$(complete -p "${COMP_WORDS[0]}")" =~ \ -F\ ([^ ]+) ]]
  COMPREPLY=()
  "${BASH_REMATCH[1]}" "${COMP_WORDS[0]}" "${COMP_WORDS[-1]}" \
    "${COMP_WORDS[-2]}" || true
  ((${#COMPREPLY[@]} == 0)) || printf "$1 -> %s\n" "${COMPREPLY[@]}"
}

# Answers the lines on stdin.
ask() {
  local line
  if [[ "$shell" == zsh ]]; then
    "$here/completions.zsh" "$(dirname "$completion")"
    return
  fi
  # shellcheck disable=SC1090  # what is tested
  source "$completion"
  while IFS= read -r line; do
    ask_bash "$line"
  done
}

lines=() wanted=()

# LINE WORD...: exactly these.
expect() {
  local word line="$1"
  shift
  lines+=("$line")
  for word; do
    wanted+=("$line -> $word")
  done
}

names=(terok-clearance terok-gate terok-supervisor)
if [[ -e "$work/bin/terok-guard" ]]; then
  names+=(terok-guard)
  expect 'terok-guard attach --emit ' socket json
  expect 'terok-guard a' allow attach
fi
if [[ -e "$work/bin/terok-clearance-tui" ]]; then
  names+=(terok-clearance-tui)
  expect 'terok-clearance-tui --color ' auto always never
fi
if [[ -e "$work/bin/terok-clearance-web" ]]; then
  names+=(terok-clearance-web)
  expect 'terok-clearance-web --no' --no-open
fi
if [[ -e "$work/bin/terok-clearance-notify" ]]; then
  names+=(terok-clearance-notify)
  expect 'terok-clearance-notify --quiet' --quiet-hours
fi
for name in "${names[@]}"; do
  mapfile -t subcommands < <("$name" --help | subcommands_in_help)
  for words in "$name" "${subcommands[@]/#/$name }"; do
    # shellcheck disable=SC2086  # words they are
    mapfile -t options < <($words --help | options_in_help | cut -d' ' -f1)
    ((${#options[@]} > 0)) || breach "$words --help: no option was found"
    expect "$words --" "${options[@]}"
  done
done
expect 'terok-clearance audit ' export list verify
expect 'terok-clearance policy ' check explain propose test
expect 'terok-clearance audit list --by p' policy
expect 'terok-clearance ' audit decide emit explain history list notify \
  policy relay serve serve-verdict tui verdict watch web \
  --config --help --version
expect 'terok-clearance serve --cl' --clearance-socket
expect 'terok-clearance-hub ser' serve serve-verdict
expect 'terok-clearance tui --color ' auto always never
expect 'terok-gate h' hook
expect 'terok-gate b' backups
expect 'terok-gate backups ' list restore expire
expect 'terok-gate backups expire r.git --n' --now
expect 'terok-gate hook ' pre-receive post-receive
expect 'terok-gate hook pre-receive --' --check
expect 'terok-gate hook p' pre-receive post-receive
expect 'terok-supervisor ' run supervise-child supervisor --config --help --version
expect 'terok-clearance bogus --'
expect 'terok-clearance serve --only-container '
expect 'terok-clearance serve --log-level ' debug info warning error
expect 'terok-clearance serve --log-level=d' debug
expect 'terok-clearance watch --color ' auto always never
expect 'terok-clearance watch --color=' auto always never
expect 'terok-clearance emit --blocked --proto icm' icmp icmpv6
expect 'terok-clearance emit --type container_' container_exited \
  container_started
expect 'terok-clearance serve --config some-f' some-file
expect 'terok-clearance serve --config=some-f' some-file
expect 'terok-gate --mirror-root some-' some-directory
expect 'terok-clearance verdict 6f1d2c3b4a59:17 api.example.com ' allow deny
expect 'terok-clearance verdict --container c1 c1:1 203.0.113.7 a' allow
expect 'terok-supervisor supervise-child ' verdict clearance gate
expect 'terok-supervisor supervise-child gate 6f1d2c3b4a59 s' side.json \
  some-directory
expect 'terok-supervisor supervise-child gate 6f1d2c3b4a59 --log-level=i' info

expect 'terok-supervisor supervisor 6f1d2c3b4a59 s' side.json some-directory
expect 'terok-supervisor supervisor 6f1d2c3b4a59 --iso' --isolate

printf '%s\n' "${wanted[@]}" | LC_ALL=C sort -u >"$work/wanted"
printf '%s\n' "${lines[@]}" | ask | LC_ALL=C sort -u >"$work/offered"
diff "$work/wanted" "$work/offered" \
  || breach "$shell offers what stands behind > and not what stands behind <." \
    'Completions read --help: a line that names an option begins with two' \
    'spaces, the option, a word in capitals for its argument, two spaces.' \
    'What a word for an argument stands for is in packaging/completions.'
echo "${#lines[@]} lines"
verdict
