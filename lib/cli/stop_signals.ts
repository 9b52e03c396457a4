/** What asks a command to end: Ctrl-C, kill(1), and a terminal that was closed. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** That a command is asked to end; as long as it is held, no such signal ends the process itself. */
export interface StopSignals extends Disposable {
  /** Aborted by the first of them. */
  readonly signal: AbortSignal;
}

/** Listens for what asks this process to end. */
export function untilStopped(): StopSignals {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const name of SIGNALS) Deno.addSignalListener(name, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) Deno.removeSignalListener(name, stop);
    },
  };
}
