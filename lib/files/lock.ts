import { dirname } from "node:path";
import { explained } from "./cache.ts";
import { CacheError } from "./errors.ts";

/** The holders of locks in this process, by lock file. A lock of flock(2) is for the whole process. */
const holders = new Map<string, Promise<unknown>>();

/**
 * Runs `act` while it alone holds the lock of a file, in this process and among processes.
 *
 * @throws {CacheError} If the lock file cannot be made; `act` does not run then.
 */
export async function withLock<T>(lockFile: string, act: () => Promise<T>): Promise<T> {
  while (holders.has(lockFile)) await holders.get(lockFile);
  const { promise, resolve } = Promise.withResolvers<void>();
  holders.set(lockFile, promise);
  try {
    using file = await open(lockFile);
    await file.lock(true);
    return await act();
  } finally {
    holders.delete(lockFile);
    resolve();
  }
}

async function open(lockFile: string): Promise<Deno.FsFile> {
  const directory = dirname(lockFile);
  try {
    await Deno.mkdir(directory, { recursive: true });
    return await Deno.open(lockFile, { create: true, write: true });
  } catch (error) {
    // For example if $HOME is in /proc.
    if (error instanceof Deno.errors.NotFound) {
      throw new CacheError(
        `cannot make ${directory}: ${error.message}: set NETYARD_CACHE to another directory`,
        { cause: error },
      );
    }
    throw explained(error, directory);
  }
}
