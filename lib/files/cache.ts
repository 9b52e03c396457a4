import { join } from "node:path";
import { NetyardError } from "../../native/error.ts";

/** Something could not be kept in the cache, which the message names: the disk is full, or closed to us. */
export class CacheError extends NetyardError {}

/** What to keep, and how it is made if it is not there. */
export interface CacheRequest {
  /** The directory that holds it, which is made if need be. */
  directory: string;
  /** Its name there, which must change whenever what it is made from does. */
  name: string;
  /** The files that it consists of. */
  files: readonly string[];
  /** Writes the files into a directory of its own; other things that are left there are removed. */
  build(directory: string): Promise<void>;
}

/** What the cache has. */
export interface Cached {
  /** Where the files are. */
  directory: string;
  /** SHA-256 of the contents, in hexadecimal digits. */
  hash: string;
}

/** What was written down about the files. */
interface Manifest {
  hash: string;
  files: Record<string, { size: number; sha256: string }>;
}

const MANIFEST = "manifest.json";
/** How the names of directories begin in which something is made that is not kept yet. */
export const BUILDING = ".building-";
// What a process that was killed has left behind is older than any that still builds.
const ABANDONED_MS = 3_600_000;

// All files get this time, in seconds: one that has another was touched, and is read before it is used.
const KEPT = 1_000_000_000;

const running = new Map<string, Promise<Cached>>();

/**
 * Where things are kept that can be made again: `$NETYARD_CACHE`, else `$XDG_CACHE_HOME/netyard`, else
 * `$HOME/.cache/netyard`.
 *
 * @throws {CacheError} If none of these variables is set.
 */
export function cacheDirectory(
  variable: (name: string) => string | undefined = (name) => Deno.env.get(name),
): string {
  const [own, xdg, home] = ["NETYARD_CACHE", "XDG_CACHE_HOME", "HOME"].map(variable);
  if (own) return own;
  if (xdg) return join(xdg, "netyard");
  if (home) return join(home, ".cache", "netyard");
  throw new CacheError(
    "there is no directory for the cache: set NETYARD_CACHE (or XDG_CACHE_HOME, or HOME)",
  );
}

/**
 * Has files made once and kept. Those that have been changed since are made again. Whoever asks
 * meanwhile, in this process, waits for the same; another process makes its own, and the first that
 * is done wins. What is half done is never seen.
 *
 * @throws {CacheError} If the disk is full, or the directory is not ours to write in.
 */
export function cached(request: CacheRequest): Promise<Cached> {
  const key = join(request.directory, request.name);
  let found = running.get(key);
  if (!found) {
    found = provide(request).finally(() => running.delete(key));
    running.set(key, found);
  }
  return found;
}

/** Where the files are kept, if they are whole; nothing is made. */
export async function kept(
  { directory, name, files }: Omit<CacheRequest, "build">,
): Promise<string | undefined> {
  return (await verified(join(directory, name), files))?.directory;
}

async function provide(request: CacheRequest): Promise<Cached> {
  const target = join(request.directory, request.name);
  try {
    const there = await verified(target, request.files);
    if (there) return there;
    await Deno.mkdir(request.directory, { recursive: true });
    await removeAbandoned(request.directory);
    const own = await Deno.makeTempDir({ dir: request.directory, prefix: BUILDING });
    try {
      return await build(request, own, target);
    } finally {
      await Deno.remove(own, { recursive: true }).catch(ignoreMissing);
    }
  } catch (error) {
    throw explained(error, request.directory);
  }
}

async function build(request: CacheRequest, own: string, target: string): Promise<Cached> {
  await request.build(own);
  for await (const { name } of Deno.readDir(own)) {
    if (!request.files.includes(name)) await Deno.remove(join(own, name), { recursive: true });
  }
  for (const file of request.files) await Deno.utime(join(own, file), KEPT, KEPT);
  const manifest = await describe(own, request.files);
  await Deno.writeTextFile(join(own, MANIFEST), JSON.stringify(manifest));
  await Deno.chmod(own, 0o755);
  for (;;) {
    try {
      await Deno.rename(own, target); // replaces nothing but an empty directory
      return { directory: target, hash: manifest.hash };
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
    // Another was first; or what is there is broken, and makes room.
    const there = await verified(target, request.files);
    if (there) return there;
    const away = await Deno.makeTempDir({ dir: request.directory, prefix: BUILDING });
    await Deno.rename(target, away).catch(ignoreMissing);
    await Deno.remove(away, { recursive: true });
  }
}

/** What is kept, if it is whole. */
async function verified(directory: string, files: readonly string[]): Promise<Cached | undefined> {
  try {
    const manifest: Manifest = JSON.parse(await Deno.readTextFile(join(directory, MANIFEST)));
    const stats = await Promise.all(files.map((file) => Deno.stat(join(directory, file))));
    const known = files.map((file) => manifest.files[file]);
    if (files.some((_, i) => stats[i].size !== known[i].size)) return undefined;
    if (stats.some(({ mtime }) => mtime?.getTime() !== KEPT * 1000)) {
      if ((await describe(directory, files)).hash !== manifest.hash) return undefined;
      // A cache of somebody else is read each time.
      for (const file of files) await Deno.utime(join(directory, file), KEPT, KEPT).catch(() => {});
    }
    return { directory, hash: manifest.hash };
  } catch {
    return undefined; // not there, or not ours to read, or no manifest: as good as nothing
  }
}

async function describe(directory: string, files: readonly string[]): Promise<Manifest> {
  const described: Manifest["files"] = {};
  for (const file of files) {
    const content = await Deno.readFile(join(directory, file));
    described[file] = { size: content.length, sha256: await hex(content) };
  }
  const text = files.map((file) => `${file} ${described[file].sha256}\n`).join("");
  return { hash: await hex(new TextEncoder().encode(text)), files: described };
}

/** SHA-256 of bytes, in hexadecimal digits. */
export async function hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Removes what was half made in a directory of the cache by processes that were killed. */
export async function removeAbandoned(directory: string): Promise<void> {
  for await (const { name } of Deno.readDir(directory)) {
    if (!name.startsWith(BUILDING)) continue;
    const path = join(directory, name);
    const stat = await Deno.stat(path).catch(ignoreMissing);
    const age = Date.now() - (stat?.mtime?.getTime() ?? Date.now());
    if (age > ABANDONED_MS) await Deno.remove(path, { recursive: true }).catch(ignoreMissing);
  }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Deno.errors.NotFound) return undefined;
  throw error;
}

const codeOf = (error: unknown) => (error as { code?: string }).code;

function isTaken(error: unknown): boolean {
  return ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(codeOf(error) ?? "");
}

/** In how a program complains of a full disk. */
const FULL = /No space left on device|enough free space|Disk quota exceeded/;

/** A {@linkcode CacheError} where the disk is full or not ours to write on; else the same error. */
export function explained(error: unknown, directory: string): unknown {
  const code = codeOf(error) ?? "";
  const message = error instanceof Error ? error.message : String(error);
  const remedy = "or have the cache elsewhere: set NETYARD_CACHE";
  if (["ENOSPC", "EDQUOT"].includes(code) || FULL.test(message)) {
    return new CacheError(
      `the disk is full: nothing more can be kept in ${directory}: make room there, ${remedy}`,
      { cause: error },
    );
  }
  if (["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST"].includes(code)) {
    return new CacheError(`cannot write in ${directory} (${message}): change that, ${remedy}`, {
      cause: error,
    });
  }
  return error;
}
