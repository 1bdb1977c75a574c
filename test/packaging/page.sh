# shellcheck shell=bash
# Sourced by the tests of what is packaged: says what is wrong, and looks into
# the sources of manual pages.

breaches=0

# Says what is wrong and, on the lines below, what to do about it.
breach() {
  printf '%s\n' "$1"
  shift
  (($# == 0)) || printf '    %s\n' "$@"
  breaches=$((breaches + 1))
}

# Ends the test.
verdict() {
  ((breaches == 0)) || exit 1
}

# The options of a page: `WHERE --NAME ARGUMENT` a line; WHERE is the subsection
# of OPTIONS, `-` above the first, a word as mdoc has it: of "Where to" the
# first.
options_in_page() {
  awk '
    /^\.Sh / { section = $2; subsection = "-" }
    section != "OPTIONS" { next }
    /^\.Ss / { subsection = $2 }
    /^\.It Fl -/ {
      print subsection, "-" $3, ($4 == "Ar" ? tolower($5) : "")
    }
  ' "$1"
}

# The options of what --help says, on stdin: `--NAME ARGUMENT` a line.
options_in_help() {
  awk '
    match($0, /^  --[a-z-]+( [A-Z_=:]+)?  /) || /^  --[a-z-]+( [A-Z_=:]+)?$/ {
      print $1, ($2 ~ /^[A-Z_=:]+$/ ? tolower($2) : "")
    }
  '
}

# The subcommands in what a program's --help says, on stdin.
subcommands_in_help() {
  sed -nE 's/^  ([a-z][a-z-]*)  +[a-z].*/\1/p'
}
