/**
 * How long after a program's end its outputs may be open without data. Then processes that it left
 * behind hold them, such as a server for later builds: the program's own output arrives sooner, even on
 * a slow host.
 */
const SILENCE_MS = 1000;

/** Output that arrives later than this after a program's end is from processes that it left behind. */
export const LEFT_MS = 5000;

/**
 * Waits for the end of a program's output; call it after the program's end.
 *
 * @param drained Resolves when the outputs are closed. They may never be.
 * @param lastRead Returns when output was read last, by `performance.now()`.
 * @param isLate Returns whether output that still arrives is from processes that the program left
 * behind, by the time since the program's end. Default: after {@link LEFT_MS}.
 */
export async function outputEnd(
  drained: Promise<unknown>,
  lastRead: () => number,
  isLate: (sinceEndMs: number) => boolean = (sinceEndMs) => sinceEndMs >= LEFT_MS,
): Promise<void> {
  const endedAt = performance.now();
  let isDrained = false;
  const done = drained.then(() => void (isDrained = true));
  while (!isDrained) {
    const now = performance.now();
    const silentMs = now - Math.max(endedAt, lastRead());
    if (silentMs >= SILENCE_MS || isLate(now - endedAt)) break;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pause = new Promise((resolve) => timer = setTimeout(resolve, SILENCE_MS - silentMs));
    await Promise.race([done, pause]);
    clearTimeout(timer);
  }
}
