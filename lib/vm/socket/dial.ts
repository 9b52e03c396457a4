import { sleep } from "./within.ts";

/** The pause between two attempts: the first one, and the longest. */
const RETRY_MS = 2;
const RETRY_MOST_MS = 50;

/**
 * Connects to a Unix socket of QEMU as soon as QEMU listens on it.
 *
 * @param options.timeoutMs When to give up, in milliseconds.
 * @param options.signal Aborted when QEMU has ended; the call then fails at once.
 * @throws {Error} With the reason only; the caller adds what it was for.
 */
export async function dial(
  path: string,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<Deno.UnixConn> {
  const deadline = performance.now() + timeoutMs;
  for (let pause = RETRY_MS;; pause = Math.min(2 * pause, RETRY_MOST_MS)) {
    if (signal?.aborted) throw new Error("QEMU has ended");
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (error) {
      // Both go away once QEMU listens; other errors are permanent.
      const notYet = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.ConnectionRefused;
      if (!notYet) throw error;
      if (performance.now() + pause > deadline) {
        throw new Error(`QEMU did not listen within ${timeoutMs} ms`, { cause: error });
      }
    }
    await sleep(pause);
  }
}
