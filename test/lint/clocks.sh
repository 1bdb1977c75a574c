#!/usr/bin/env bash
# Whatever waits does so by a clock that only goes forward: the real-time clock
# jumps. It may stamp a log line, a name or what people read; the files that do
# are named here, with what for.
#
# Usage: clocks.sh [TREE]. Says each breach and ends with 1.
set -euo pipefail
cd "${1:-.}"

allowed() {
  case "$1" in
    # The time that stands before a line of the log.
    services/process/log.cpp | services/process/log_queue.hpp) ;;
    services/process/log_writer.cpp) ;;
    actors/base/wall_clock.cpp) ;; # when prompts and decisions were made
    services/gate/hooks/hook_clock.hpp) ;; # names and ages of backups
    services/client/wall_time.cpp) ;; # ages of prompts, the time before a line
    services/notify/notify.cpp) ;; # quiet hours are hours of the wall clock
    services/client/watch.cpp) ;; # the time that stands before an event
    *) return 1 ;;
  esac
}

words='system_clock|high_resolution_clock|utc_clock|CLOCK_REALTIME'
words+='|gettimeofday\(|[^_[:alnum:]]time\((nullptr|NULL|0|&)'
words+='|deadline_timer|system_timer|timespec_get'

bad=0
while IFS=: read -r file line _; do
  if ! allowed "$file"; then
    echo "$file:$line: the real-time clock; whatever waits uses steady_clock"
    bad=1
  fi
done < <(find actors protocol services -type f \
  \( -name '*.hpp' -o -name '*.cpp' \) -exec grep -nHE "$words" {} + \
  | LC_ALL=C sort)
exit "$bad"
