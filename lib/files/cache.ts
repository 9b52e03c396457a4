import { join } from "node:path";
import { CacheError } from "./errors.ts";

/** An entry of the cache, and how it is built if it is missing. */
export interface CacheRequest {
  /** The directory of the cache; it is made if it is missing. */
  directory: string;
  /** The name of the entry, which must change whenever its sources change. */
  name: string;
  /** The names of its files. */
  files: readonly string[];
  /** Writes the files into an empty directory; any other file there is removed afterwards. */
  build(directory: string): Promise<void>;
}

/** An entry that the cache has. */
export interface Cached {
  /** The directory of the files. */
  directory: string;
  /** The SHA-256 of the contents, in hexadecimal digits. */
  hash: string;
}

/** The content of `manifest.json`. */
interface Manifest {
  hash: string;
  files: Record<string, { size: number; sha256: string }>;
}

const MANIFEST = "manifest.json";
/** The prefix of directories in which an entry is being built. */
export const BUILDING = ".building-";
// No build takes this long: an older directory was left by a process that was killed.
const ABANDONED_MS = 3_600_000;

// All files get this modification time, in seconds. A file with another was touched: it is verified.
const KEPT_MTIME = 1_000_000_000;

const running = new Map<string, Promise<Cached>>();

/**
 * Returns the directory of the cache: `$NETYARD_CACHE`, else `$XDG_CACHE_HOME/netyard`, else
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
 * Returns an entry of the cache; builds it if it is missing or its files have changed. Calls for the
 * same entry in this process share one build. Other processes build their own, and the first one that
 * finishes wins. An unfinished entry is never visible.
 *
 * @throws {CacheError} If the disk is full, or the directory is not writable.
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

/** Returns the directory of an entry if it is complete; builds nothing. */
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
  for (const file of request.files) await Deno.utime(join(own, file), KEPT_MTIME, KEPT_MTIME);
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
    // Another process was first, or the old entry is broken and is moved away.
    const there = await verified(target, request.files);
    if (there) return there;
    const away = await Deno.makeTempDir({ dir: request.directory, prefix: BUILDING });
    await Deno.rename(target, away).catch(ignoreMissing);
    await Deno.remove(away, { recursive: true });
  }
}

/** Returns the entry in a directory if it is complete. */
async function verified(directory: string, files: readonly string[]): Promise<Cached | undefined> {
  try {
    const manifest: Manifest = JSON.parse(await Deno.readTextFile(join(directory, MANIFEST)));
    const stats = await Promise.all(files.map((file) => Deno.stat(join(directory, file))));
    const known = files.map((file) => manifest.files[file]);
    if (files.some((_, i) => stats[i].size !== known[i].size)) return undefined;
    if (stats.some(({ mtime }) => mtime?.getTime() !== KEPT_MTIME * 1000)) {
      if ((await describe(directory, files)).hash !== manifest.hash) return undefined;
      for (const file of files) {
        // Without permission, for example in another user's cache, the files are verified each time.
        await Deno.utime(join(directory, file), KEPT_MTIME, KEPT_MTIME).catch(() => {});
      }
    }
    return { directory, hash: manifest.hash };
  } catch {
    return undefined; // missing, not readable, or without a valid manifest
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

/** Returns the SHA-256 of bytes, in hexadecimal digits. */
export async function hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Removes the unfinished entries that killed processes left in a directory of the cache. */
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

/** The messages of programs about a full disk. */
const FULL = /No space left on device|enough free space|Disk quota exceeded/;

/** Returns a {@linkcode CacheError} if the disk is full or not writable; otherwise the same error. */
export function explained(error: unknown, directory: string): unknown {
  const code = codeOf(error) ?? "";
  const message = error instanceof Error ? error.message : String(error);
  const remedy = "or set NETYARD_CACHE to another directory";
  if (["ENOSPC", "EDQUOT"].includes(code) || FULL.test(message)) {
    return new CacheError(
      `the disk is full: ${directory} has no space left: free some space, ${remedy}`,
      { cause: error },
    );
  }
  if (["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST"].includes(code)) {
    return new CacheError(
      `cannot write in ${directory} (${message}): change its permissions, ${remedy}`,
      { cause: error },
    );
  }
  return error;
}
