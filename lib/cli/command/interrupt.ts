import { NetyardError } from "../../../native/error.ts";

/** Ctrl-C or a signal ended the command; the exit code is 130. */
export class InterruptedError extends NetyardError {}

/** The exit code of an interrupted command, as shells use it for SIGINT. */
export const INTERRUPTED = 130;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Runs `act` so that it can be interrupted: the first SIGINT or SIGTERM aborts the signal that it gets, the
 * second exits the process.
 *
 * @param onFirst called for the first of these signals
 * @throws {InterruptedError} `act` was interrupted and has no result
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
    // The error of an interrupted operation may be of any kind.
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    for (const name of SIGNALS) Deno.removeSignalListener(name, listener);
  }
}
