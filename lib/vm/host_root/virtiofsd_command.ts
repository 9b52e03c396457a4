import type { Hidden } from "./hidden.ts";

/** How to serve this host's root to a guest. */
export interface VirtiofsdSpec {
  /** The program. */
  virtiofsd: string;
  /** Whether it is the Rust version of virtiofsd, which has other options than the C version. */
  rust: boolean;
  /** The socket that it creates and listens on, in the working directory. */
  socket: string;
  hidden: Hidden;
}

/** What it prints when it accepts connections. */
export const LISTENING = "Waiting for vhost-user socket connection";

/**
 * Builds a view of this host's root at /mnt, in a mount namespace of its own, and serves it with virtiofsd.
 * Not every version of virtiofsd has a read-only mode, so each mount of the tree is read-only.
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
  # Mounts from before are elsewhere, or hidden below the tree.
  case $before in *" $id "*) continue ;; esac
  point=$(printf %b "$point")
  for dir in $covered; do
    # A covered directory hides what is mounted below it.
    case $point in "$root$dir"/*) continue 2 ;; esac
  done
  mount -o "remount,bind,$options,ro" "$point"
done </proc/self/mountinfo
# virtiofsd writes its process ID there: keep that out of the host's directory, which only root may write.
for dir in /run /var/run; do
  [ -L $dir ] || [ ! -d $dir ] || mount -t tmpfs -o size=64k,mode=755 netyard $dir
done
exec "$@"
`;

/** Returns the command line, which only needs util-linux and sh besides virtiofsd. */
export function virtiofsdCommand(spec: VirtiofsdSpec): [program: string, ...args: string[]] {
  const { hidden: { directories, files } } = spec;
  return [
    "unshare",
    "--mount", // private, by the default of unshare(1)
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
 * Files of the host seldom change while a guest runs, so it caches them (`always`). Of the sandboxes,
 * `chroot` works for a tree with the whole host, and without privileges.
 */
function serving({ virtiofsd, rust, socket }: VirtiofsdSpec): string[] {
  const path = `--socket-path=./${socket}`; // relative, since its directory may be covered now
  return rust
    ? [virtiofsd, path, "--shared-dir=/mnt", "--sandbox=chroot", "--cache=always"]
    : [virtiofsd, path, "-o", "source=/mnt,sandbox=chroot,cache=always,no_posix_lock"];
}
