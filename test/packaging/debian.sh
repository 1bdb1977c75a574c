#!/usr/bin/env bash
# packaging/debian agrees with what it was derived from: it builds with what
# packaging/dependencies.sh installs, has the version of meson.build, and no line
# of a description is too long.
#
# Usage: debian.sh [TREE]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=test/packaging/page.sh
source "$here/page.sh"
cd "${1:-$here/../..}"
# shellcheck source=packaging/dependencies.sh
source packaging/dependencies.sh

# `NAME` or `NAME|NAME` a line, without versions.
build_depends() {
  awk '
    /^[^ ]/ { on = $1 == "Build-Depends:"; sub(/^Build-Depends:/, "") }
    on
  ' packaging/debian/control | tr -d ' \n' | tr ',' '\n' \
    | sed -E 's/\([^)]*\)//g'
}

control="$(build_depends)"
while read -r names _; do
  case "$names" in
    # Every build has a compiler; packages are built without the unit tests.
    g++ | doctest-dev) continue ;;
  esac
  grep -qxF "$names" <<<"$control" \
    || breach "packaging/dependencies.sh builds with $names," \
      "packaging/debian/control does not: add ${names//|/ | } to Build-Depends."
done < <(build_packages)

# lintian says so, too, but only of built packages.
while IFS=: read -r line text; do
  breach "packaging/debian/control, line $line: $text" \
    'has more than 80 characters: a description of a package is shown in 80.'
done < <(awk 'length($0) > 80 && /^ [^ ]/ { print FNR ":" $0 }' \
  packaging/debian/control)

version="$(sed -nE "s/^  version: '(.*)',$/\1/p" meson.build)"
packaged="$(sed -nE '1s/.*\((.*)-[^-]*\).*/\1/p' packaging/debian/changelog)"
[[ -n "$version" && "$version" == "$packaged" ]] \
  || breach "meson.build says version $version," \
    "packaging/debian/changelog says $packaged: add an entry to it."
library="libclearance${version%%.*}"
[[ -f "packaging/debian/$library.install" ]] \
  || breach "the library's package is not called $library, as its soname" \
    'wants: rename it in packaging/debian.'
verdict
