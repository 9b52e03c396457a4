import { dirname } from "node:path";
import { CacheError, explained } from "./cache.ts";

/** Who does something in this process, by the lock file. */
const doing = new Map<string, Promise<unknown>>();

/**
 * Runs `act` while nobody else does for the same lock file, in this process or in another.
 *
 * @throws {CacheError} If the lock file cannot be made; `act` is not run then.
 */
export async function alone<T>(lockFile: string, act: () => Promise<T>): Promise<T> {
  while (doing.has(lockFile)) await doing.get(lockFile);
  const { promise, resolve } = Promise.withResolvers<void>();
  doing.set(lockFile, promise);
  try {
    using file = await open(lockFile);
    await file.lock(true);
    return await act();
  } finally {
    doing.delete(lockFile);
    resolve();
  }
}

async function open(lockFile: string): Promise<Deno.FsFile> {
  const directory = dirname(lockFile);
  try {
    await Deno.mkdir(directory, { recursive: true });
    return await Deno.open(lockFile, { create: true, write: true });
  } catch (error) {
    // As where $HOME is in /proc.
    if (error instanceof Deno.errors.NotFound) {
      throw new CacheError(
        `cannot make ${directory}: ${error.message}: have the cache elsewhere: set NETYARD_CACHE`,
        { cause: error },
      );
    }
    throw explained(error, directory);
  }
}
