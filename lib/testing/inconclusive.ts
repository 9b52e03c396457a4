import { NetyardError } from "../../native/error.ts";
import type { Verdict } from "../record/verdict.ts";

/**
 * A test failed, and its host was too slow for the failure to mean anything: see `Lab.verdict`. The
 * cause is the error of the test.
 */
export class InconclusiveError extends NetyardError {
  /** What was too slow, with the numbers. */
  readonly reasons: readonly string[];

  /** `name` is that of the test, and `attempts` how often it ran. */
  constructor(name: string, { reasons }: Verdict, cause: unknown, attempts = 1) {
    super(inconclusiveText(name, reasons, cause, attempts), { cause });
    this.reasons = reasons;
  }
}

/** At most so much of the error of the test is in the message: it may contain a whole log. */
const MOST_TEXT = 2_000;

/**
 * The message of an {@link InconclusiveError}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   inconclusiveText("hello", ["the event loop waited 900 ms"], new Error("no reply"), 3),
 *   `"hello" failed in each of 3 attempts, and this host was too slow to tell why:\n` +
 *     "  - the event loop waited 900 ms\n" +
 *     "Run it again with less beside it (deno test without --parallel, or fewer jobs), or give the " +
 *     "test { retries: 2 }. It failed with: Error: no reply",
 * );
 * ```
 */
export function inconclusiveText(
  name: string,
  reasons: readonly string[],
  cause: unknown,
  attempts: number,
): string {
  const times = attempts > 1 ? ` in each of ${attempts} attempts` : "";
  return `"${name}" failed${times}, and this host was too slow to tell why:\n` +
    reasons.map((reason) => `  - ${reason}\n`).join("") +
    "Run it again with less beside it (deno test without --parallel, or fewer jobs), or give the " +
    `test { retries: 2 }. It failed with: ${String(cause).slice(0, MOST_TEXT)}`;
}
