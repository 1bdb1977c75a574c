# shellcheck shell=bash
# Sourced by the lints: what they look at. Run from the top of a tree.

# Paths of the C++ files below the named folders, sorted.
cpp_files() {
  find "$@" -type f \( -name '*.hpp' -o -name '*.cpp' \) | LC_ALL=C sort
}

# Paths of everything that people write, in every folder that there is.
text_files() {
  local folders=() folder
  for folder in actors protocol services test packaging .ci; do
    [[ ! -d "$folder" ]] || folders+=("$folder")
  done
  find . -maxdepth 1 -type f \( -name '*.md' -o -name 'meson*' \
    -o -name '.clang-*' \) -printf '%f\n'
  find "${folders[@]}" -type f \( -name '*.hpp' -o -name '*.cpp' \
    -o -name '*.sh' -o -name '*.awk' -o -name '*.md' -o -name 'meson*' \
    -o -path '.ci/run' -o -path 'test/run' -o -path 'packaging/*' \
    -o -name '*.zsh' \) ! -name '*.png'
}

# Whether LIST, a rule of make (`TARGET: FILE FILE \`), is there and none of its
# files is newer or gone.
is_fresh() {
  local newer
  local -a files
  [[ -s "$1" ]] || return 1
  mapfile -t files < <(awk '{
    for (i = 1; i <= NF; ++i)
      if ($i !~ /:$/ && $i != "\\")
        print $i
  }' "$1")
  newer="$(find "${files[@]}" -newer "$1" -print -quit 2>&1)" || newer=gone
  [[ -z "$newer" ]]
}
