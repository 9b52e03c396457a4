/**
 * The values that steps capture, compare and fill in: captures, references, checks, patterns of output
 * and time limits, as plain data. Imports `options` alone. Begin here; `references.ts` has `${...}`.
 *
 * @module
 */
import type { Limit } from "./limit.ts";
import { splitKey } from "./references.ts";
import { type ProgramEnd, StepError } from "./step_error.ts";

/** How long a step waits for a value, unless it has a timeout. */
export const CAPTURE_TIMEOUT_MS = 300_000;

/** A program or a packet capture, which captures values while it runs. */
export interface CaptureSource {
  /** Resolves, never rejects, when it captures no more values. */
  readonly finished: Promise<void>;
  /** Returns its state, for messages: `still runs`, `ended with exit code 3`. */
  state(): string;
  /** Returns the last lines that it printed. */
  lastLines(): string[];
  /** Returns how it ended, for errors. */
  programEnd(): ProgramEnd;
  /** Whether a step reports how it ended. */
  isAwaited: boolean;
}

/** The fields of a step that {@link Captures} reads. */
export interface CapturingStep {
  id: string;
  action: string;
  skipped: boolean;
  origin: { where: string };
}

/** The values that the steps of a simulation have captured, by `id.name`. */
export class Captures {
  #steps: Map<string, CapturingStep>;
  #values = new Map<string, string>();
  #sources = new Map<string, CaptureSource>();
  #changes = new Map<string, PromiseWithResolvers<void>>();
  /** The ids of the steps that have started. */
  #started = new Set<string>();

  /** `steps` are all steps of the simulation. */
  constructor(steps: readonly CapturingStep[]) {
    this.#steps = new Map(steps.map((step) => [step.id, step]));
  }

  /** Marks a step as started: it may capture values from now on. */
  start(id: string): void {
    this.#started.add(id);
  }

  /** Sets the source of a step's values. */
  setSource(id: string, source: CaptureSource): void {
    this.#sources.set(id, source);
  }

  /** Sets the latest value. */
  set(key: string, value: string): void {
    this.#values.set(key, value);
    this.#changes.get(key)?.resolve();
    this.#changes.delete(key);
  }

  /** Returns the latest value; undefined if there is none yet. */
  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** The latest values of all captures. */
  get all(): Record<string, string> {
    return Object.fromEntries(this.#values);
  }

  /**
   * Returns the latest value; waits for the first one.
   *
   * @throws {StepError} If no value comes in time, or none can come anymore.
   */
  async wait(key: string, limit: Limit): Promise<string> {
    const had = this.get(key);
    if (had !== undefined) return had;
    const { step, source } = this.#source(key);
    const of = `the capture "${key}" of step "${step.id}" (${step.action}, ${step.where})`;
    await limit.wait(Promise.race([this.#change(key), source.finished]), {
      doing: `waiting for ${of}`,
      late: (waited) =>
        `waited ${waited} for ${of}, which ${source.state()}; ${printedText(source.lastLines())}`,
      defaultMs: CAPTURE_TIMEOUT_MS,
      program: () => source.programEnd(),
    });
    const value = this.get(key);
    if (value !== undefined) return value;
    source.isAwaited = true;
    throw new StepError(
      `${of} has no value: it ${source.state()} without it; ${printedText(source.lastLines())}`,
      { program: source.programEnd() },
    );
  }

  #change(key: string): Promise<void> {
    let change = this.#changes.get(key);
    if (!change) this.#changes.set(key, change = Promise.withResolvers());
    return change.promise;
  }

  /** Returns the source of a value that has not been captured yet. */
  #source(key: string) {
    const id = splitKey(key)?.id ?? key;
    const step = this.#steps.get(id);
    if (!step) {
      throw new StepError(`the capture "${key}" gets no value: there is no step "${id}"`);
    }
    const { origin: { where }, action } = step;
    const source = this.#sources.get(id);
    if (source) return { step: { id, action, where }, source };
    const why = step.skipped
      ? `is skipped, since its "when" is "false"`
      : this.#started.has(id)
      ? "captured no value of that name"
      : "comes later";
    throw new StepError(`the capture "${key}" gets no value: step "${id}" (${where}) ${why}`);
  }
}

/** Returns the last lines of a program's output, for messages. */
export function printedText(lines: readonly string[]): string {
  return lines.length === 0
    ? "it printed nothing"
    : `it printed last:${lines.map((line) => `\n  ${line}`).join("")}`;
}
