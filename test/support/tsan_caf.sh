#!/usr/bin/env bash
# Rebuilds libcaf_core for the thread sanitizer, from the source package of the
# installed libcaf-dev. The sanitizer does not see the locks of the
# distribution's own library, so it would report races where there are none.
# Suppressing every report with CAF in its stack would hide real races, too.
#
# Usage: tsan_caf.sh DIRECTORY. Makes DIRECTORY/lib/libcaf_core.a. A library of
# the installed version that exists already is kept. If the library cannot be
# built, the script prints why and ends with 1.
set -euo pipefail
mkdir -p "$1"
directory="$(cd "$1" && pwd)"
apt="$directory/apt"
log="$directory/log"

give_up() {
  printf '%s\n' "$*"
  exit 1
}

# Calls apt with lists and sources of its own: the machine's sources, but for
# source packages. The machine itself need not have those.
private_apt() {
  apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::State::Lists="$apt/lists" \
    -o Dir::Etc::SourceParts="$apt/sources" -o Dir::Cache="$apt/cache" \
    -o APT::Sandbox::User="$(id -un)" "$@" >>"$log" 2>&1
}

copy_sources() {
  local file name number=0
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/sources"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    [[ -r "$file" ]] || continue
    name="$apt/sources/$((++number))"
    case "$file" in
      *.sources) sed 's/^Types:.*/Types: deb-src/' "$file" >"$name.sources" ;;
      *.list) sed -n 's/^deb[[:blank:]]/deb-src /p' "$file" >"$name.list" ;;
    esac
  done
}

# Fetches PACKAGE=VERSION to $directory/source. A mirror may lack the
# distribution's changes to the package. same_headers shows whether they matter
# to us.
fetch() {
  rm -rf "$apt" "${directory:?}"/{source,fetched}
  copy_sources
  mkdir "$directory/fetched"
  cd "$directory/fetched"
  private_apt update || true # not every source must answer
  if ! private_apt source "$1"; then
    private_apt source --tar-only "$1" || return 1
    echo "Without the distribution's changes, which cannot be had: $1" >&2
    rm -rf -- */
    tar -xf ./*.orig.tar.*
  fi
  mv -- */ "$directory/source"
}

# Several sources are compiled together, because most of them include the same
# headers.
configure() {
  cmake -G Ninja -S "$directory/source" -B "$directory/build" \
    -DCAF_NO_{IO,TOOLS,EXAMPLES,UNIT_TESTS,OPENCL,OPENSSL,PYTHON}=yes \
    -DCAF_BUILD_STATIC_ONLY=yes -DLIBRARY_OUTPUT_PATH="$directory/lib" \
    -DCMAKE_UNITY_BUILD=yes -DCMAKE_UNITY_BUILD_BATCH_SIZE=10 \
    -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_CXX_FLAGS='-O1 -g1 -fsanitize=thread -w' >>"$log" 2>&1
}

# Whether the headers of the built library are those that the programs include.
same_headers() {
  local header
  while read -r header; do
    cmp -s "$1/$header" "/usr/include/$header" || return 1
  done < <(cd "$1" && find caf -name '*.hpp')
}

command -v dpkg-query >/dev/null || give_up 'this is no Debian or Ubuntu'
version="$(dpkg-query -W -f='${source:Package}=${source:Version}' libcaf-dev)"
[[ "$(cat "$directory/version" 2>/dev/null)" != "$version" ]] || exit 0

rm -rf "${directory:?}"/{build,lib,log,version}
fetch "$version" || give_up "no source of $version can be had, see $log"
rm -rf "$apt"
configure || give_up "$version cannot be configured, see $log"
for headers in "$directory"/{source,build}/libcaf_core; do
  same_headers "$headers" \
    || give_up "the headers of $version are not those installed"
done
cmake --build "$directory/build" --target libcaf_core_static >&2 \
  || give_up "$version does not compile"
mv "$directory/lib/libcaf_core_static.a" "$directory/lib/libcaf_core.a"
printf '%s\n' "$version" >"$directory/version"
