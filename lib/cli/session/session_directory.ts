import { NetyardError } from "../../../native/error.ts";
import { processEnvironment } from "../../../native/process/process.ts";
import { readFileText } from "../../../native/libc.ts";
import { ROOTLESS_MARKER } from "../../../native/process/userns.ts";
import { processVariable } from "../command/colors.ts";

/** The directory of the sessions is not safe, or cannot be created. */
export class SessionDirectoryError extends NetyardError {}

const NAME = "netyard";
/** Read, write and search for the owner only. */
const PRIVATE = 0o700;
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

/** What the choice of the directory depends on. */
export interface SessionPlace {
  /** `XDG_RUNTIME_DIR`. */
  runtimeDirectory?: string;
  /** The user, as seen from outside the user namespace of a rootless lab. */
  uid: number;
  /** Default `/run/user` and `/tmp`. */
  roots?: { user: string; temporary: string };
}

/** The place of this process. */
export function sessionPlace(): SessionPlace {
  return { runtimeDirectory: processVariable("XDG_RUNTIME_DIR") || undefined, uid: outerUid() };
}

/**
 * The directory of the sessions: `netyard` in the user's runtime directory, or else `/tmp/netyard-UID`. It is
 * created if it is missing, for its owner only.
 *
 * @throws {SessionDirectoryError} it belongs to another user, or others can access it: its files could make
 * this user run programs in places that others choose
 */
export async function sessionDirectory(place: SessionPlace = sessionPlace()): Promise<string> {
  const { runtimeDirectory, uid, roots = { user: "/run/user", temporary: "/tmp" } } = place;
  for (const base of [runtimeDirectory, `${roots.user}/${uid}`]) {
    if (base !== undefined && await isOwn(base)) return await makePrivate(`${base}/${NAME}`);
  }
  return await makePrivate(`${roots.temporary}/${NAME}-${uid}`);
}

/** Whether it is a directory of this user that no other user can write to. */
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
        `cannot create ${path}, the directory of the running labs: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
  // An existing one too, since anyone can create it. Links are not followed.
  const found = await look(path);
  const fault = !found?.isDirectory
    ? "it is not a directory"
    : found.uid !== Deno.uid()
    ? "it belongs to another user"
    : (found.mode! & OTHERS) !== 0
    ? "other users can read or write it"
    : undefined;
  if (fault === undefined) return path;
  throw new SessionDirectoryError(
    `${path}, the directory of the running labs, is not safe: ${fault}; remove it, or ` +
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

/** The user outside the user namespace in which a rootless lab makes this process root: `run-in` has it. */
function outerUid(): number {
  const uid = Deno.uid() ?? 0;
  if (!processEnvironment().includes(ROOTLESS_MARKER)) return uid;
  for (const line of readFileText("/proc/self/uid_map").trim().split("\n")) {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number);
    if (uid >= inside && uid < inside + count) return outside + uid - inside;
  }
  return uid;
}
