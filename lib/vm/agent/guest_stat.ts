import { GuestFileError } from "../options/errors.ts";
import { exec } from "./exec.ts";
import type { GuestContext } from "./guest_context.ts";
import { absolute } from "./guest_files.ts";

/** The kind of a file; `other` is a device, a pipe or a socket. */
export type GuestFileKind = "file" | "directory" | "symlink" | "other";

/** One entry of a directory in a guest. */
export interface GuestDirEntry {
  /** Its name, without the directory. Bytes that are not UTF-8 show as U+FFFD. */
  name: string;
  /** Its kind; links are not followed. */
  kind: GuestFileKind;
}

/** The properties of a file in a guest. */
export interface GuestFileInfo {
  /** Its kind; links are followed. */
  kind: GuestFileKind;
  /** Its size in bytes. */
  size: number;
  /** Its permissions, such as `0o644`. */
  mode: number;
  /** The time of its last modification, to the second. */
  mtime: Date;
  /** The user ID of its owner. */
  uid: number;
  /** The group ID of its group. */
  gid: number;
}

const KINDS: Readonly<Record<string, GuestFileKind>> = {
  f: "file",
  d: "directory",
  l: "symlink",
  o: "other",
};

/** Runs in the shell alone. `.` and `..` never match; a pattern without a match stays as it is. */
const LIST = `
[ -d "$1" ] || { [ -e "$1" ] && exit 4; exit 3; }
cd "$1" || exit 5
for name in * .[!.]* ..?*; do
  if [ -L "$name" ]; then kind=l
  elif [ -f "$name" ]; then kind=f
  elif [ -d "$name" ]; then kind=d
  elif [ -e "$name" ]; then kind=o
  else continue
  fi
  printf '%s%s\\0' $kind "$name"
done
exit 0`;

const LIST_FAILURES: Readonly<Record<number, string>> = {
  3: "there is no such directory in the guest",
  4: "it is not a directory",
};

/** Lists a directory of the guest, sorted by name. */
export async function listDir(context: GuestContext, path: string): Promise<GuestDirEntry[]> {
  const what = `${context.label}: listDir(${JSON.stringify(path)})`;
  refuseNul(path, what);
  const { code, stdout, stderr } = await exec(
    context,
    { path: "/bin/sh", arg: ["-c", LIST, "sh", absolute(path)] },
    what,
  );
  if (code !== 0) {
    throw new GuestFileError(`${what}: ${LIST_FAILURES[code] ?? stderr}`, path);
  }
  return parseList(stdout);
}

/** Parses the output of the script of {@linkcode listDir}. */
export function parseList(printed: Uint8Array): GuestDirEntry[] {
  const entries = new TextDecoder().decode(printed).split("\0").slice(0, -1)
    .map((entry) => ({ name: entry.slice(1), kind: KINDS[entry[0]] }));
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Returns the properties of a file. */
export async function stat(context: GuestContext, path: string): Promise<GuestFileInfo> {
  const what = `${context.label}: stat(${JSON.stringify(path)})`;
  refuseNul(path, what);
  const arg = ["-L", "-c", "%f %s %Y %u %g", absolute(path)];
  const { code, stdout, stderr } = await exec(context, { path: "stat", arg }, what);
  if (code !== 0) {
    const reason = /No such file|Not a directory/.test(stderr)
      ? "there is no such file or directory in the guest"
      : stderr;
    throw new GuestFileError(`${what}: ${reason}`, path);
  }
  return parseStat(new TextDecoder().decode(stdout));
}

const KIND_BITS: Readonly<Record<number, GuestFileKind>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "symlink",
};

/** Parses the output of stat(1) for the format `%f %s %Y %u %g`. */
export function parseStat(printed: string): GuestFileInfo {
  const [bits, size, seconds, uid, gid] = printed.trim().split(" ");
  const mode = parseInt(bits, 16);
  return {
    kind: KIND_BITS[mode & 0o170000] ?? "other",
    size: Number(size),
    mode: mode & 0o7777,
    mtime: new Date(Number(seconds) * 1000),
    uid: Number(uid),
    gid: Number(gid),
  };
}

function refuseNul(path: string, what: string): void {
  if (path === "" || path.includes("\0")) {
    throw new GuestFileError(`${what}: a path must not be empty or contain a NUL character`, path);
  }
}
