#!/usr/bin/env bash
# Runs a user manager of systemd in namespaces of its own, for
# systemd_manager.cpp: with its own mounts, control groups and processes, and
# with a journal. All processes in it end with this script.
#
# Usage, as root: systemd_world.sh DIR CGROUP USER-ID NOTIFY-SOCKET HOME
#   DIR     has run, home, journal and bin, which belong to the user
#   CGROUP  a new control group, into which this script moves
#   HOME    `linked`: /home is a symbolic link; else `plain`
#
# Prints `world: ...` if it cannot make the namespaces. Journal and manager tell
# NOTIFY-SOCKET that they are ready; between the two the script reads a line
# from stdin.
set -euo pipefail

cannot() {
  echo "world: $1" >&2
  exit 1
}

if [[ "$1" != --inside ]]; then
  echo $$ >"$2/cgroup.procs" || cannot 'no control group'
  exec unshare --mount --cgroup --pid --fork --kill-child --mount-proc \
    --propagation private "$BASH" "${BASH_SOURCE[0]}" --inside "$@"
fi

dir="$2" uid="$4" notify="$5" home="$6"

# A root directory that differs from the machine's in one name: /home is a link,
# as where the users' files lie on a volume of their own.
link_home() {
  local root="$dir/root" entry
  mkdir "$root"
  mount -t tmpfs -o mode=0755 world "$root"
  for entry in /*; do
    if [[ "$entry" == /home ]]; then
      mkdir -p "$root/volume/home"
      ln -s volume/home "$root/home"
    elif [[ -L "$entry" ]]; then
      cp -P "$entry" "$root/"
    elif [[ -d "$entry" ]]; then
      mkdir "$root$entry"
      chmod --reference="$entry" "$root$entry"
      mount --rbind "$entry" "$root$entry"
    fi
  done
  mkdir "$root/old"
  cd "$root"
  pivot_root . old
  cd /
  umount --lazy /old
  rmdir /old
}

[[ "$home" != linked ]] || link_home || cannot 'no root directory of its own'
{
  mount -t tmpfs -o mode=0755 world /run
  mkdir -p /run/systemd/{system,journald.conf.d,unit-root} /run/log/journal \
    /run/credentials \
    "/run/user/$uid" /run/terok/bin
  mount --bind "$dir/run" "/run/user/$uid"
  mount --bind "$dir/journal" /run/log/journal
  mount --bind "$dir/bin" /run/terok/bin
  [[ -L /home ]] || mount -t tmpfs -o mode=0755 world /home
  mkdir /home/tester
  mount --bind "$dir/home" /home/tester
  grep -v '^tester:' /etc/passwd >/run/passwd
  echo "tester:x:$uid:$uid::/home/tester:/bin/sh" >>/run/passwd
  mount --bind /run/passwd /etc/passwd
} || cannot 'no mounts'
{
  mount -t cgroup2 world /sys/fs/cgroup
  mkdir /sys/fs/cgroup/user
  chown -R "$uid:$uid" /sys/fs/cgroup/user
} || cannot 'no control groups'
# The journal must not take the log and the audit messages of the machine's
# kernel.
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n' \
  >/run/systemd/journald.conf.d/world.conf
env -i NOTIFY_SOCKET="$notify" /usr/lib/systemd/systemd-journald &
read -r

echo $$ >/sys/fs/cgroup/user/cgroup.procs
# A leak check of the sanitizer would need to trace processes, which is
# forbidden here.
setpriv --reuid "$uid" --regid "$uid" --clear-groups env -i \
  PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/tester LANG=C.UTF-8 \
  ASAN_OPTIONS=detect_leaks=0 XDG_RUNTIME_DIR="/run/user/$uid" \
  NOTIFY_SOCKET="$notify" /usr/lib/systemd/systemd --user &
wait $!
