import { type ProgramEnd, SimulationEndedError, StepError } from "./step_error.ts";

/** The longest time that setTimeout() accepts. */
const MAX_MS = 2 ** 31 - 1;

/** What {@link Limit.wait} waits for. */
export interface Waiting {
  /** What is in progress, for messages such as "it was at step 3, waiting for ...". */
  doing: string;
  /** Returns the message of a timeout; `waited` is the time, such as `1.5 s`. */
  late(waited: string): string;
  /** The time limit, from the start of the step, if the step has none. Default: none. */
  defaultMs?: number;
  /** Returns the state of the program that it waits for. */
  program?(): ProgramEnd;
}

/** The time limit of a step; the end of the simulation ends the step before. */
export class Limit {
  readonly #signal: AbortSignal;
  readonly #title: string;
  readonly #timeoutMs: number | undefined;
  readonly #begin = performance.now();

  /**
   * `signal` is aborted with a {@link SimulationEndedError}; `title` names the step, and `timeoutMs` is
   * the step's own limit.
   */
  constructor(signal: AbortSignal, title: string, timeoutMs?: number) {
    this.#signal = signal;
    this.#title = title;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Returns what `work` resolves with. If this rejects first, the work continues.
   *
   * @throws {StepError} If the step or the simulation reaches its time limit, or is interrupted.
   */
  async wait<T>(work: Promise<T>, waiting: Waiting): Promise<T> {
    if (this.#signal.aborted) {
      work.catch(() => {});
      throw this.#ended(waiting);
    }
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const abort = () => reject(this.#ended(waiting));
    const ms = this.#timeoutMs ?? waiting.defaultMs;
    let timer: ReturnType<typeof setTimeout> | undefined;
    this.#signal.addEventListener("abort", abort);
    try {
      if (ms !== undefined) {
        const left = Math.max(0, this.#begin + ms - performance.now());
        timer = setTimeout(() => reject(late(ms, waiting)), Math.min(left, MAX_MS));
      }
      return await Promise.race([work, ended]);
    } finally {
      clearTimeout(timer);
      this.#signal.removeEventListener("abort", abort);
    }
  }

  /** Throws a {@link StepError} if the simulation must end. */
  check(): void {
    if (this.#signal.aborted) throw this.#ended({ doing: "which had not started" });
  }

  /**
   * Waits for a fixed time.
   *
   * @param isLimited Whether the step's time limit applies, in addition to the end of the simulation.
   */
  async sleep(ms: number, isLimited = false): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const passed = new Promise<void>((resolve) =>
      timer = setTimeout(resolve, Math.min(ms, MAX_MS))
    );
    const limit = isLimited ? this : new Limit(this.#signal, this.#title);
    const doing = `waiting ${timeText(ms)}`;
    const late = (waited: string) => `${doing} was not done within ${waited}`;
    try {
      await limit.wait(passed, { doing, late });
    } finally {
      clearTimeout(timer);
    }
  }

  #ended({ doing, program }: Pick<Waiting, "doing" | "program">): StepError {
    const reason = this.#signal.reason as SimulationEndedError;
    return new StepError(`${reason.message}: it was at ${this.#title}, ${doing}`, {
      status: reason.status,
      program: program?.(),
      cause: reason,
    });
  }
}

function late(ms: number, { late, program }: Waiting): StepError {
  return new StepError(late(timeText(ms)), { status: "timed-out", program: program?.() });
}

/** Formats a time: `500 ms`, `1.5 s`. */
export function timeText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}
