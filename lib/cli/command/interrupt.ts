import { NetyardError } from "../../../native/error.ts";

/** Someone ended the command, by Ctrl-C or a signal; the exit code is 130. */
export class InterruptedError extends NetyardError {}

/** The exit code of what was interrupted, as shells have it for SIGINT. */
export const INTERRUPTED = 130;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Does something that can be ended early: the first SIGINT or SIGTERM aborts the signal that it gets,
 * the second ends the process at once.
 *
 * @param onFirst Called at the first.
 * @throws {InterruptedError} It was ended, and `act` had no result.
 */
export async function interruptible<T>(
  act: (signal: AbortSignal) => Promise<T>,
  onFirst: () => void,
): Promise<T> {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) Deno.exit(INTERRUPTED);
    controller.abort(new InterruptedError("interrupted"));
    onFirst();
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, listener);
  try {
    return await act(controller.signal);
  } catch (error) {
    // Whatever was under way says in its own way that it was ended.
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    for (const name of SIGNALS) Deno.removeSignalListener(name, listener);
  }
}
