import type { Namespace } from "../../native/namespace.ts";
import type {
  Impairment,
  LinkEnd,
  LinkEngine,
  LinkLimits,
  SharedRate,
  SharedRatePlace,
} from "../link/mod.ts";
import { EmulatorError } from "./errors.ts";
import { Ports } from "./ports.ts";
import { EmulatorSession, type OnFailure } from "./session.ts";

/**
 * The link engine for kernels without sch_netem: a thread that forwards the frames of all impaired
 * links of a lab. It starts with the first impaired link, and again after a failure.
 */
export class Emulator implements LinkEngine {
  readonly kind = "emulator";
  #onFailure: OnFailure;
  #ports = new Ports();
  #session: EmulatorSession | undefined;
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

  #open(label: string): EmulatorSession {
    if (this.#closed) throw new EmulatorError(`${label}: the link emulator is closed`);
    return this.#session ??= new EmulatorSession(this.#ports, (error, labels) => {
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
}
