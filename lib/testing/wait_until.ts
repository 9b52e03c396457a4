import { DeadlineError } from "../node/process/errors.ts";

/** The limits of {@link waitUntil}. */
export interface WaitOptions {
  /** The time limit, in milliseconds. Default 5000. */
  timeoutMs?: number;
  /** The pause between two checks, in milliseconds. Default 20. */
  intervalMs?: number;
  /** The name of the condition in the error message. Default: the text of its function. */
  what?: string;
}

/**
 * Waits until a condition returns a truthy value, and resolves with that value: for states without an event
 * to wait for. A condition that throws counts as false; its last error is the cause of the
 * {@link DeadlineError}.
 *
 * @throws {DeadlineError} the condition was not true within the time limit
 *
 * @example
 * ```ts
 * import { waitUntil } from "@netyard/netyard/testing";
 *
 * const started = Date.now();
 * await waitUntil(() => Date.now() - started > 50, { timeoutMs: 1000 });
 * ```
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 5000, intervalMs = 20, what = condition.toString() }: WaitOptions = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  const left = () => deadline - performance.now();
  let cause: unknown;
  for (;;) {
    try {
      const value = await within(condition, left());
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (left() <= 0) {
      const why = cause instanceof Error ? `; its last error: ${cause.message}` : "";
      throw new DeadlineError(`waited ${timeoutMs} ms for: ${what}${why}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(intervalMs, left())));
  }
}

/** Calls the condition with a time limit. */
async function within<T>(condition: () => T | Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error("the condition was still running")),
        Math.max(0, ms),
      );
    });
    return await Promise.race([condition(), late]);
  } finally {
    clearTimeout(timer);
  }
}
