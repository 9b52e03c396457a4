import { Emulator } from "../../emulator/mod.ts";
import { linkEngineHere } from "./choose_engine.ts";
import { type LinkEngineChoice } from "../../link/engine.ts";
import { NetemEngine } from "../../netem/engine.ts";
import type {
  Impairment,
  LinkEnd,
  LinkEngine,
  LinkEngineKind,
  LinkLimits,
  SharedRate,
  SharedRatePlace,
} from "../../link/mod.ts";
import type { Namespace } from "../../../native/namespace.ts";

/** Called when an engine failed, with its error and the ends that are no longer impaired. */
export type OnEngineFailure = (error: Error, labels: string[]) => void;

/** The link engine of a lab, which it has from the first condition on. */
export class Links {
  #asked: LinkEngineChoice | undefined;
  #onFailure: OnEngineFailure;
  #engine: LinkEngine | undefined;

  constructor(asked: LinkEngineChoice | undefined, onFailure: OnEngineFailure) {
    this.#asked = asked;
    this.#onFailure = onFailure;
  }

  /** The kind of the engine; undefined before the first condition. */
  get kind(): LinkEngineKind | undefined {
    return this.#engine?.kind;
  }

  /** Impairs what leaves an end of a link; effective once {@link Links.ready} resolves. */
  impair(end: LinkEnd, limits: LinkLimits, seed: number, shared?: SharedRate): Impairment {
    this.#engine ??= this.#make();
    return this.#engine.impair(end, limits, seed, shared);
  }

  /** Makes a rate that several ends share. */
  shareRate(rateKbit: number, place: SharedRatePlace): SharedRate {
    this.#engine ??= this.#make();
    return this.#engine.shareRate(rateKbit, place);
  }

  /** Resolves when all requests so far are effective. */
  async ready(): Promise<void> {
    await this.#engine?.ready();
  }

  /** Releases a namespace before it is closed. */
  release(namespace: Namespace): void {
    this.#engine?.release(namespace);
  }

  async close(): Promise<void> {
    await this.#engine?.close();
  }

  #make(): LinkEngine {
    return linkEngineHere(this.#asked) === "netem"
      ? new NetemEngine()
      : new Emulator(this.#onFailure);
  }
}
