import type { Hidden } from "./hidden.ts";

/** What serves a guest this host's root. */
export interface VirtiofsdSpec {
  /** The program. */
  virtiofsd: string;
  /** Of the two programs of that name, the one in Rust has options of its own. */
  rust: boolean;
  /** The socket that it makes and listens on, below the working directory. */
  socket: string;
  hidden: Hidden;
}

/** What it says when it can be connected to. */
export const LISTENING = "Waiting for vhost-user socket connection";

/**
 * Puts this host's root together in a mount namespace of its own, at /mnt, and has virtiofsd serve it.
 * Neither of the two programs called so can be told everywhere to write nothing: so each mount of the
 * tree is read-only.
 */
const SCRIPT = `
set -e
root=/mnt
before=' '
while read -r id rest; do before="$before$id "; done </proc/self/mountinfo
mount --rbind / $root
directories=$1 files=$2
shift 2
IFS='
'
covered=
for dir in $directories; do
  [ -d "$root$dir" ] && [ ! -L "$root$dir" ] || continue
  mount -t tmpfs -o size=16k,mode=755 netyard "$root$dir"
  covered="$covered$dir$IFS"
done
: >$root/run/empty
for file in $files; do
  [ ! -f "$root$file" ] || [ -L "$root$file" ] || mount --bind $root/run/empty "$root$file"
done
while IFS=' ' read -r id parent device inner point options rest; do
  # What was there before is elsewhere, or hidden below the tree.
  case $before in *" $id "*) continue ;; esac
  point=$(printf %b "$point")
  for dir in $covered; do
    # Below it nothing can be reached.
    case $point in "$root$dir"/*) continue 2 ;; esac
  done
  mount -o "remount,bind,$options,ro" "$point"
done </proc/self/mountinfo
# It writes down its process id there, which is nobody's business, and only root's to do.
for dir in /run /var/run; do
  [ -L $dir ] || [ ! -d $dir ] || mount -t tmpfs -o size=64k,mode=755 netyard $dir
done
exec "$@"
`;

/** The command line that does it, without a program of the host's but util-linux and sh. */
export function virtiofsdCommand(spec: VirtiofsdSpec): [program: string, ...args: string[]] {
  const { hidden: { directories, files } } = spec;
  return [
    "unshare",
    "--mount", // and nothing of it is seen elsewhere, by the default of unshare(1)
    "--",
    "sh",
    "-c",
    SCRIPT,
    "sh",
    directories.join("\n"),
    files.join("\n"),
    ...serving(spec),
  ];
}

/**
 * What is on the host changes seldom while a guest runs: what it has read, it keeps (`always`). Of the
 * sandboxes, `chroot` works for a tree that is all of the host's, and without privileges.
 */
function serving({ virtiofsd, rust, socket }: VirtiofsdSpec): string[] {
  const path = `--socket-path=./${socket}`; // where it was, whatever lies over it now
  return rust
    ? [virtiofsd, path, "--shared-dir=/mnt", "--sandbox=chroot", "--cache=always"]
    : [virtiofsd, path, "-o", "source=/mnt,sandbox=chroot,cache=always,no_posix_lock"];
}
