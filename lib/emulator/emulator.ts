import type { Namespace } from "../../native/namespace.ts";
import type {
  Impairment,
  LinkEnd,
  LinkEngine,
  LinkLimits,
  SharedRate,
  SharedRatePlace,
} from "../link/mod.ts";
import { Command } from "./control.ts";
import { EmulatorError } from "./errors.ts";
import { Ports } from "./ports.ts";
import { type OnFailure, Session } from "./session.ts";

/**
 * The link engine for kernels without sch_netem: a thread through which the frames of all impaired
 * links of a lab go. It starts with the first of them, and again after it failed.
 */
export class Emulator implements LinkEngine {
  readonly kind = "emulator";
  #onFailure: OnFailure;
  #ports = new Ports();
  #session: Session | undefined;
  #closed = false;

  constructor(onFailure: OnFailure) {
    this.#onFailure = onFailure;
  }

  impair(end: LinkEnd, limits: LinkLimits, seed: number, shared?: SharedRate): Impairment {
    return this.#open(end.label).impair(end, limits, seed, shared);
  }

  shareRate(rateKbit: number, place: SharedRatePlace): SharedRate {
    return this.#open(place.label).shareRate(rateKbit, place);
  }

  #open(label: string): Session {
    if (this.#closed) throw new EmulatorError(`${label}: the link emulator is closed`);
    return this.#session ??= new Session(this.#ports, (error, labels) => {
      this.#session = undefined;
      this.#onFailure(error, labels);
    });
  }

  async ready(): Promise<void> {
    await this.#session?.ready();
  }

  release(namespace: Namespace): void {
    this.#ports.release(namespace);
  }

  async close(): Promise<void> {
    this.#closed = true;
    try {
      await this.#session?.close();
    } finally {
      this.#session = undefined;
      await this.#ports.close();
    }
  }

  /** For tests: has the thread fail, or do nothing any more. */
  sabotage(how: "fail" | "hang"): void {
    this.#session?.post(how === "fail" ? Command.Fail : Command.Hang, 0);
  }
}
