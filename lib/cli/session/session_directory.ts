import { NetyardError } from "../../../native/error.ts";
import { processEnvironment } from "../../../native/process/process.ts";
import { readFileText } from "../../../native/libc.ts";
import { ROOTLESS_MARKER } from "../../../native/process/userns.ts";
import { processVariable } from "../command/colors.ts";

/** A directory for sessions that is not to be trusted, or cannot be made. */
export class SessionDirectoryError extends NetyardError {}

const NAME = "netyard";
/** Read, write and search for its owner alone. */
const PRIVATE = 0o700;
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

/** What the choice of the directory depends on. */
export interface SessionPlace {
  /** `XDG_RUNTIME_DIR`. */
  runtimeDirectory?: string;
  /** The user outside of the user namespace that a rootless lab is in. */
  uid: number;
  /** Default `/run/user` and `/tmp`. */
  roots?: { user: string; temporary: string };
}

/** That of this process. */
export function sessionPlace(): SessionPlace {
  return { runtimeDirectory: processVariable("XDG_RUNTIME_DIR") || undefined, uid: outerUid() };
}

/**
 * The directory in which labs that are kept up are found: `netyard` in the user's runtime directory,
 * or else `/tmp/netyard-UID`. It is made where it is missing, for its owner alone.
 *
 * @throws {SessionDirectoryError} If it belongs to somebody else, or others can read it: what is in
 * it would have this user run programs where they like.
 */
export async function sessionDirectory(place: SessionPlace = sessionPlace()): Promise<string> {
  const { runtimeDirectory, uid, roots = { user: "/run/user", temporary: "/tmp" } } = place;
  for (const base of [runtimeDirectory, `${roots.user}/${uid}`]) {
    if (base !== undefined && await isOwn(base)) return await makePrivate(`${base}/${NAME}`);
  }
  return await makePrivate(`${roots.temporary}/${NAME}-${uid}`);
}

/** Whether it is a directory of this user that nobody else writes to. */
async function isOwn(path: string): Promise<boolean> {
  const found = await look(path);
  return found !== undefined && found.isDirectory && found.uid === Deno.uid() &&
    (found.mode! & OTHERS_WRITE) === 0;
}

async function makePrivate(path: string): Promise<string> {
  try {
    await Deno.mkdir(path, { mode: PRIVATE });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      throw new SessionDirectoryError(
        `cannot make ${path}, where labs that are kept up are noted: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
  // Also of one that was there: who made it may be anybody. No link is followed.
  const found = await look(path);
  const fault = !found?.isDirectory
    ? "it is no directory"
    : found.uid !== Deno.uid()
    ? "it belongs to another user"
    : (found.mode! & OTHERS) !== 0
    ? "others may read or write it"
    : undefined;
  if (fault === undefined) return path;
  throw new SessionDirectoryError(
    `${path}, where labs that are kept up are noted, is not to be trusted: ${fault}; remove it, or ` +
      "set XDG_RUNTIME_DIR to a directory of your own",
  );
}

async function look(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whoever is root of a user namespace for a lab is an ordinary user outside, who runs `run-in`. */
function outerUid(): number {
  const uid = Deno.uid() ?? 0;
  if (!processEnvironment().includes(ROOTLESS_MARKER)) return uid;
  for (const line of readFileText("/proc/self/uid_map").trim().split("\n")) {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number);
    if (uid >= inside && uid < inside + count) return outside + uid - inside;
  }
  return uid;
}
