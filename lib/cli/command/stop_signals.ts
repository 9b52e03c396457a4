/** What asks a command to end: Ctrl-C, kill(1), and a terminal that was closed. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** That a command is asked to end. The second time it is asked, the process itself ends, at once. */
export interface StopSignals extends Disposable {
  /** Aborted the first time. */
  readonly signal: AbortSignal;
}

/** Listens for what asks this process to end. */
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
