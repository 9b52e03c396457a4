import { DeadlineError } from "../node/process/errors.ts";

/** How long and how often {@link waitUntil} looks. */
export interface WaitOptions {
  /** When to give up, in milliseconds. Default 5000. */
  timeoutMs?: number;
  /** The pause between two looks, in milliseconds. Default 20. */
  intervalMs?: number;
  /** What is waited for, for the error message. Default: the text of the condition. */
  what?: string;
}

/**
 * Waits until a condition holds and resolves with what it returned: for states
 * that announce themselves by nothing. A condition that throws does not hold yet;
 * its last error is the cause of the {@link DeadlineError}.
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
      const why = cause instanceof Error ? `; it failed last by: ${cause.message}` : "";
      throw new DeadlineError(`waited ${timeoutMs} ms in vain for: ${what}${why}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(intervalMs, left())));
  }
}

/** What the condition returns, unless that takes longer. */
async function within<T>(condition: () => T | Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("it was still under way")), Math.max(0, ms));
    });
    return await Promise.race([condition(), late]);
  } finally {
    clearTimeout(timer);
  }
}
