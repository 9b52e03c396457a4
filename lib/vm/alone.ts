import { dirname } from "node:path";

/** Who does something in this process, by the lock file. */
const doing = new Map<string, Promise<unknown>>();

/** Runs `act` while nobody else does for the same lock file, in this process or in another. */
export async function alone<T>(lockFile: string, act: () => Promise<T>): Promise<T> {
  while (doing.has(lockFile)) await doing.get(lockFile);
  const { promise, resolve } = Promise.withResolvers<void>();
  doing.set(lockFile, promise);
  try {
    await Deno.mkdir(dirname(lockFile), { recursive: true });
    using file = await Deno.open(lockFile, { create: true, write: true });
    await file.lock(true);
    return await act();
  } finally {
    doing.delete(lockFile);
    resolve();
  }
}
