import { TomlError, type TomlFault } from "../../toml/errors.ts";

/** Collects faults, so that one error can report all of them. */
export class Faults {
  readonly #faults: TomlFault[] = [];

  /** Whether there are no faults. */
  get none(): boolean {
    return this.#faults.length === 0;
  }

  /** Adds a fault. */
  add(where: string, message: string): void {
    this.#faults.push({ where, message });
  }

  /** Returns the result of `work`. If it throws a {@link TomlError}, adds its faults and returns undefined. */
  try<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#take(error);
    }
  }

  /** As {@link Faults.try}, for asynchronous work. */
  async tryAsync<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#take(error);
    }
  }

  /** @throws {TomlError} If there are faults: each once, in the order of the lines in each file. */
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
