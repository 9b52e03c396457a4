import { timeText } from "../values/limit.ts";
import { SimulationEndedError } from "../values/step_error.ts";

/** setTimeout() takes no more. */
const MAX_MS = 2 ** 31 - 1;

/** What ends a simulation before its last step: its time is up, or somebody interrupts it. */
export class SimulationEnd implements Disposable {
  #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #outside: AbortSignal | undefined;

  /** The time runs from now on. */
  constructor(timeoutMs: number | undefined, outside: AbortSignal | undefined) {
    this.#outside = outside;
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        const message = `the simulation did not end within ${timeText(timeoutMs)}`;
        this.#controller.abort(new SimulationEndedError("timed-out", message));
      }, Math.min(timeoutMs, MAX_MS));
    }
    outside?.addEventListener("abort", this.#interrupt);
    if (outside?.aborted) this.#interrupt();
  }

  /** Aborted, with a {@link SimulationEndedError}, when it is to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outside?.removeEventListener("abort", this.#interrupt);
  }

  #interrupt = () => {
    const message = "the simulation was interrupted";
    this.#controller.abort(new SimulationEndedError("interrupted", message));
  };
}
