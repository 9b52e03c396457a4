/** The signals that end a command: of Ctrl-C, of kill(1), and of a closed terminal. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Reports the first of these signals. The second one has its default action: it ends the process. */
export interface StopSignals extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
}

/** Listens for the signals that end a command. */
export function untilStopped(): StopSignals {
  const controller = new AbortController();
  const ignore = () => {
    for (const name of SIGNALS) Deno.removeSignalListener(name, stop);
  };
  const stop = () => {
    ignore();
    controller.abort();
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, stop);
  return { signal: controller.signal, [Symbol.dispose]: ignore };
}
