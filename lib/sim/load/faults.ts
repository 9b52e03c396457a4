import { TomlError, type TomlFault } from "../../toml/errors.ts";

/** Faults that are collected, so that all of them are told at once. */
export class Faults {
  readonly #faults: TomlFault[] = [];

  /** Whether there are none. */
  get none(): boolean {
    return this.#faults.length === 0;
  }

  /** Adds one. */
  add(where: string, message: string): void {
    this.#faults.push({ where, message });
  }

  /** What `work` results in; undefined, and its faults are added, if it throws a {@link TomlError}. */
  try<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#take(error);
    }
  }

  /** As {@link Faults.try}, of what takes time. */
  async trying<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#take(error);
    }
  }

  /** @throws {TomlError} If there are faults: all of them, each once, those of a file by line. */
  throwIfAny(): void {
    if (this.none) return;
    const unique = new Map(this.#faults.map((each) => [`${each.where}\n${each.message}`, each]));
    const byFile = Map.groupBy(unique.values(), ({ where }) => where.replace(/:\d+$/, ""));
    throw new TomlError(
      [...byFile.values()].flatMap((faults) => faults.sort((a, b) => lineOf(a) - lineOf(b))),
    );
  }

  #take(error: unknown): void {
    if (!(error instanceof TomlError)) throw error;
    this.#faults.push(...error.faults);
  }
}

function lineOf({ where }: TomlFault): number {
  return Number(/:(\d+)$/.exec(where)?.[1] ?? 0);
}
