import type { Limit } from "./limit.ts";
import { splitKey } from "./references.ts";
import { type ProgramEnd, StepError } from "./step_error.ts";

/** How long what needs a value waits for it, unless its step says. */
export const CAPTURE_TIMEOUT_MS = 300_000;

/** What gives captures while it goes on: a program, or a capture of packets. */
export interface Giver {
  /** Resolves, never rejects, when no more come from it. */
  readonly over: Promise<void>;
  /** How it is, or how it ended: `still runs`, `ended with exit code 3`. */
  how(): string;
  /** What it printed last. */
  printed(): string[];
  /** Itself, for an error. */
  end(): ProgramEnd;
  /** Whether somebody is told how it ended. */
  isAwaited: boolean;
}

/** What {@link Captures} reads of a step. */
export interface CapturingStep {
  id: string;
  action: string;
  skipped: boolean;
  origin: { where: string };
}

/** The values that the steps of a simulation have given, by `id.name`. */
export class Captures {
  #steps: Map<string, CapturingStep>;
  #values = new Map<string, string>();
  #givers = new Map<string, Giver>();
  #changes = new Map<string, PromiseWithResolvers<void>>();
  /** Those whose step has begun. */
  #begun = new Set<string>();

  /** `steps` are those of the simulation. */
  constructor(steps: readonly CapturingStep[]) {
    this.#steps = new Map(steps.map((step) => [step.id, step]));
  }

  /** Tells that a step has begun: from now on it may give its captures. */
  begin(id: string): void {
    this.#begun.add(id);
  }

  /** Tells what gives the captures of a step. */
  giveBy(id: string, giver: Giver): void {
    this.#givers.set(id, giver);
  }

  /** Takes a value, which is the latest from now on. */
  set(key: string, value: string): void {
    this.#values.set(key, value);
    this.#changes.get(key)?.resolve();
    this.#changes.delete(key);
  }

  /** The latest value; undefined if there was none. */
  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** All of them as they are. */
  get all(): Record<string, string> {
    return Object.fromEntries(this.#values);
  }

  /**
   * The latest value, as soon as there is one.
   *
   * @throws {StepError} If none comes in time, or none can come any more.
   */
  async wait(key: string, limit: Limit): Promise<string> {
    const had = this.get(key);
    if (had !== undefined) return had;
    const { step, giver } = this.#giver(key);
    const of = `the capture "${key}" of step "${step.id}" (${step.action}, ${step.where})`;
    await limit.wait(Promise.race([this.#change(key), giver.over]), {
      doing: `waiting for ${of}`,
      late: (waited) =>
        `waited ${waited} for ${of}, which ${giver.how()}; ${printedText(giver.printed())}`,
      defaultMs: CAPTURE_TIMEOUT_MS,
      program: () => giver.end(),
    });
    const value = this.get(key);
    if (value !== undefined) return value;
    giver.isAwaited = true;
    throw new StepError(
      `${of} never came: it ${giver.how()} without it; ${printedText(giver.printed())}`,
      {
        program: giver.end(),
      },
    );
  }

  #change(key: string): Promise<void> {
    let change = this.#changes.get(key);
    if (!change) this.#changes.set(key, change = Promise.withResolvers());
    return change.promise;
  }

  /** Who gives a capture that has no value yet. */
  #giver(key: string): { step: { id: string; action: string; where: string }; giver: Giver } {
    const id = splitKey(key)?.id ?? key;
    const step = this.#steps.get(id);
    if (!step) {
      throw new StepError(`the capture "${key}" never comes: there is no step "${id}"`);
    }
    const { origin: { where }, action } = step;
    const giver = this.#givers.get(id);
    if (giver) return { step: { id, action, where }, giver };
    const why = step.skipped
      ? `is skipped, since its "when" is "false"`
      : this.#begun.has(id)
      ? "gave none of that name"
      : "comes only later";
    throw new StepError(`the capture "${key}" never comes: step "${id}" (${where}) ${why}`);
  }
}

/** For messages: what a program printed last. */
export function printedText(lines: readonly string[]): string {
  return lines.length === 0
    ? "it printed nothing"
    : `it printed last:${lines.map((line) => `\n  ${line}`).join("")}`;
}
