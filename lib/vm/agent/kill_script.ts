import { MARK } from "./command_line.ts";

/**
 * Returns a script for `sh -c` that sends a signal to all processes that a command has started: those
 * with its mark in their environment, and their descendants, whose environment may have been cleared.
 * It runs no program, since each costs a guest tens of milliseconds.
 *
 * `$1` is the signal without `SIG`, `$2` the mark, `$3` the ID of the process that the agent started.
 *
 * @param untilGone Whether to repeat until nothing is found, to catch processes forked meanwhile.
 */
export function killScript(untilGone: boolean): string {
  const once = `find_all "$2" "$3"
for pid in $found; do kill -s "$1" "$pid" 2>/dev/null; done`;
  return untilGone
    ? `${FIND}
for round in 1 2 3 4 5; do
${once}
[ -n "$found" ] || break
done
exit 0
`
    : `${FIND}
${once}
exit 0
`;
}

/**
 * The process that the agent started counts only if it is a child of the agent, as this shell is: after
 * its end another process may have its ID. Zombies have ended.
 */
const FIND = `find_all() {
  found=
  for dir in /proc/[0-9]*; do
    pid=\${dir#/proc/}
    [ "$pid" = "$$" ] && continue
    while read -r line || [ -n "$line" ]; do
      case $line in *${MARK}="$1"*) found="$found $pid "; break ;; esac
    done 2>/dev/null <"$dir/environ"
  done 2>/dev/null
  more=1
  while [ -n "$more" ]; do
    more=
    for dir in /proc/[0-9]*; do
      pid=\${dir#/proc/}
      case $found in *" $pid "*) continue ;; esac
      { read -r line <"$dir/stat"; } 2>/dev/null || continue
      line=\${line##*) }
      case $line in Z*) continue ;; esac
      line=\${line#* }
      parent=\${line%% *}
      [ "$pid $parent" = "$2 $PPID" ] && found="$found $pid " && more=1
      case $found in *" $parent "*) found="$found $pid "; more=1 ;; esac
    done
  done
}`;
