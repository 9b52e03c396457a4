import { sleep } from "./within.ts";

/** How long between two tries, at first and at most. */
const RETRY_MS = 2;
const RETRY_MOST_MS = 50;

/**
 * A connection to a unix socket of QEMU, as soon as QEMU listens.
 *
 * @param options.timeoutMs When to give up, in milliseconds.
 * @param options.signal Aborted when QEMU has ended, so that nobody waits for it.
 * @throws {Error} With only the reason, for a message that says what was wanted.
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
      // Both end once QEMU has come so far; all else stays as it is.
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
