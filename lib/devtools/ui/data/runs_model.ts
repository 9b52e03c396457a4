import type { RunsAnswer } from "../../model/types.ts";
import { Observed } from "./observed.ts";
import type { Source } from "./source.ts";

/** How often the list is read again while the page is visible. */
const INTERVAL_MS = 2_000;

/** The list of runs, which is read again while it is shown. */
export class RunsModel extends Observed {
  readonly #source: Source;
  answer: RunsAnswer | undefined;
  error: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #last = "";

  constructor(source: Source) {
    super();
    this.#source = source;
  }

  /** Reads the list now and from time to time; returns a function that ends it. */
  start(): () => void {
    this.#read();
    if (!this.#source.live) return () => {};
    this.#timer = setInterval(() => document.hidden || this.#read(), INTERVAL_MS);
    return () => clearInterval(this.#timer);
  }

  async #read(): Promise<void> {
    try {
      const answer = await this.#source.runs();
      const text = JSON.stringify(answer);
      if (text === this.#last && this.error === undefined) return;
      [this.#last, this.answer, this.error] = [text, answer, undefined];
    } catch {
      this.error = "The server does not answer.";
    }
    this.changed();
  }
}
