import { type ProgramEnd, SimulationEndedError, StepError } from "./step_error.ts";

/** setTimeout() takes no more. */
const MAX_MS = 2 ** 31 - 1;

/** What is waited for. */
export interface Waiting {
  /** For messages, as in "it was at step 3, waiting for ...". */
  doing: string;
  /** What to say when it took so long as `waited` says. */
  late(waited: string): string;
  /** How long, from the step's beginning, where the step does not say. Default: as long as it takes. */
  defaultMs?: number;
  /** The program that it is waited for, as it is then. */
  program?(): ProgramEnd;
}

/** How long a step may take, and what ends it before. */
export class Limit {
  readonly #signal: AbortSignal;
  readonly #title: string;
  readonly #timeoutMs: number | undefined;
  readonly #begin = performance.now();

  /**
   * `signal` is aborted with a {@link SimulationEndedError}; `title` says which step it is, and
   * `timeoutMs` is the step's own.
   */
  constructor(signal: AbortSignal, title: string, timeoutMs?: number) {
    this.#signal = signal;
    this.#title = title;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * What `work` resolves with. The work goes on where this fails before.
   *
   * @throws {StepError} If the time of the step, or of the simulation, is up, or it is interrupted.
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

  /** Throws a {@link StepError} if the simulation is to end. */
  check(): void {
    if (this.#signal.aborted) throw this.#ended({ doing: "which had not begun" });
  }

  /**
   * Waits for a time that the simulation asks for.
   *
   * @param isLimited Whether the time of the step cuts it short, too, and not only the simulation's end.
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

/** A time as people write it: `500 ms`, `1.5 s`. */
export function timeText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}
