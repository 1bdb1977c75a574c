# shellcheck shell=bash
# Sourced by packaging/quickstart, packaging/build-deb, packaging/test-deb and
# test/run: makes sure that the machine has what they need, from the
# distribution's own packages alone.

# One package a line: its name, what meson.build asks for by which name (a lint
# holds the two together), what it is for. Names that differ between Debian 12,
# Debian 13 and Ubuntu 24.04 are alternatives: the first that is installed, or
# else the first that can be, is taken.
build_packages() {
  cat <<'EOF'
g++                 -           the compiler
meson               -           the build system
ninja-build         -           ... and its worker
pkgconf|pkg-config  -           finds libraries
libcaf-dev          caf_core    actors
libboost1.81-dev|libboost1.83-dev|libboost1.88-dev  boost  Asio
libsimdjson-dev     simdjson    JSON
libcli11-dev        CLI11       the command line
libtomlplusplus-dev  tomlplusplus  settings in files
libseccomp-dev      libseccomp  hub and gate filter their system calls
libnftables-dev     libnftables  terok-guard changes firewalls; optional
libncurses-dev      ncursesw    terok-clearance-tui shows prompts; optional
libpsl-dev          libpsl      wildcards over public suffixes in a policy; optional
libsystemd-dev      libsystemd  socket activation, watchdog, journal, the desktop; optional
doctest-dev         doctest/doctest.h  unit tests; meson looks for it
EOF
}

# Taken along by packaging/quickstart where there is anything to install.
optional_run_packages() {
  cat <<'EOF'
iproute2            -           the private network of packaging/quickstart --demo
passt               -           terok-guard run connects a program to the outside
EOF
}

test_packages() {
  cat <<'EOF'
git                 -           the gate is tested against the real one
util-linux          -           setpriv: tests with a foreign uid
iproute2            -           the private networks in which terok-guard is tested
EOF
}

# For test/run --tsan alone: libcaf is built once more.
tsan_packages() {
  cat <<'EOF'
cmake               -           builds it
dpkg-dev            -           unpacks its source
EOF
}

# For test/bench/run alone, which skips what needs them where they are not.
bench_packages() {
  cat <<'EOF'
nginx-light|nginx   -           what the git gate is measured beside
fcgiwrap            -           ... and what starts git for it
EOF
}

# For test/soak/run --valgrind.
soak_packages() {
  cat <<'EOF'
valgrind            -           looks for what hub and gate have lost
EOF
}

# Taken along where there is anything to install and the distribution has them
# (Debian 12 has no python3-varlink). Without them their tests are skipped.
# nginx, haproxy, tinyproxy and openssh-server are not among them: Debian starts
# a service for each, and a test has no business to do that to a machine.
optional_test_packages() {
  cat <<'EOF'
clang-format        -           settles layout
clang-tidy          -           looks for faults in the sources
fish                -           the command that watch prints is typed into it
jq                  -           an example of the manual pages
mandoc              -           looks at the manual pages
dbus                -           a session bus for terok-clearance-notify
python3-dbus        -           ... and the server of notifications there
python3-dulwich     -           an independent git client
python3-gi          -           ... its loop
python3-pygit2      -           an independent git client: libgit2
python3-varlink     -           an independent varlink client
python3-pyte        -           a terminal in which terok-clearance-tui is looked at
shellcheck          -           looks at the scripts
socat               -           examples of the manual pages
systemd             -           reads the units, and starts them where it can
zsh                 -           its completion is tested
EOF
}

# For test/run --browser alone: half a gigabyte. Without them the test of the
# page in a browser is skipped.
browser_packages() {
  cat <<'EOF'
chromium            -           shows the page of terok-clearance-web
chromium-driver     -           ... and presses its keys
EOF
}

# For test/run --desktop alone. dunst is started by the session bus wherever it
# is installed. Without them the test of the popups in them is skipped.
desktop_packages() {
  cat <<'EOF'
dunst               -           shows what terok-clearance-notify sends
imagemagick         -           ... its pictures
notification-daemon -           another one that does
x11-utils           -           says which windows there are
xvfb                -           a display that nobody sees
EOF
}

# For packaging/build-deb: what builds packages. packaging/debian/control names
# what is built with (a test holds it and the first list together).
deb_packages() {
  cat <<'EOF'
build-essential     -           what every package may take for granted
debhelper           -           what debian/rules calls
EOF
}

# For packaging/test-deb.
deb_test_packages() {
  cat <<'EOF'
lintian             -           looks for faults in packages
mandoc|man-db       -           shows manual pages
EOF
}

say() {
  printf '%s\n' "$*" >&2
}

is_installed() {
  [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

is_available() {
  [[ -n "$(apt-cache show --no-all-versions "$1" 2>/dev/null)" ]]
}

# As root, whoever we are.
as_root() {
  if [[ "$(id -u)" == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    say "Neither root nor sudo here. As root, run: $*"
    return 1
  fi
}

# Prints the packages of the lists on stdin that are missing, one of the
# alternatives each.
missing_packages() {
  local names name found
  while read -r names _; do
    found=''
    for name in ${names//|/ }; do
      if is_installed "$name"; then
        found=yes
        break
      fi
    done
    [[ -n "$found" ]] || printf '%s\n' "$names"
  done
}

# Chooses among alternatives; needs fresh package lists.
choose_packages() {
  local names name
  while read -r names; do
    for name in ${names//|/ }; do
      if is_available "$name"; then
        printf '%s\n' "$name"
        continue 2
      fi
    done
    say "None of ${names//|/, } can be installed here."
    return 1
  done
}

# Installs what is missing of the named lists; leaves apt alone when there is
# nothing to do. Of lists that are called optional_* what there is.
install_dependencies() {
  local list missing name
  local -a chosen
  if ! command -v dpkg-query >/dev/null; then
    say 'This is no Debian or Ubuntu: not looking for packages.'
    return 0
  fi
  missing="$(for list in "$@"; do
    [[ "$list" == optional_* ]] || "$list"
  done | missing_packages)"
  [[ -n "$missing" ]] || return 0
  if [[ "$(id -u)" != 0 ]] && ! command -v sudo >/dev/null; then
    # Of the lists as they are: refreshing them would need root, too.
    mapfile -t chosen < <(choose_packages <<<"$missing" 2>/dev/null)
    say 'Packages are missing, and only root can install them (there is no' \
      'sudo). As root, run this, and then start again:'
    say "  apt-get update && apt-get install --no-install-recommends" \
      "${chosen[*]:-${missing//$'\n'/ }}"
    return 1
  fi
  say 'Packages are missing: asking apt-get for them.'
  as_root apt-get update -q >&2
  missing="$(choose_packages <<<"$missing")" || return 1
  mapfile -t chosen <<<"$missing"
  for list in "$@"; do
    [[ "$list" == optional_* ]] || continue
    while read -r name _; do
      ! is_available "$name" || chosen+=("$name")
    done < <("$list")
  done
  say "Installing: ${chosen[*]}"
  # Whoever has another Boost keeps it: nothing is removed without being asked.
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
    --no-remove --no-install-recommends "${chosen[@]}" >&2; then
    say 'apt-get could not install them. If it would have to remove something' \
      '(another version of Boost?), decide yourself, with:' \
      "apt-get install ${chosen[*]}"
    return 1
  fi
}
