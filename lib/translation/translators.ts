import type { Namespace } from "../../native/namespace.ts";
import { type LoopItem, LoopSession } from "../loop/session.ts";
import type { LoopProgram } from "../loop/thread.ts";
import { Command, Control, type TranslationCounters, TUNS } from "./control.ts";
import { TranslationError } from "./errors.ts";
import type { TranslationSpec } from "./spec.ts";
import { Tun, type TunPlace } from "./tun.ts";

/** The thread of a lab's translators. */
export const TRANSLATION_PROGRAM: LoopProgram = {
  name: "netyard-translation",
  module: new URL("./worker.ts", import.meta.url),
  entry: "translate",
};

/** Called when the thread and all its translators are gone; `labels` says whose they were. */
export type OnTranslationFailure = (error: TranslationError, labels: string[]) => void;

/** An active translator. */
export interface Translation {
  /** What it did so far, or did in all after its removal. */
  counters(): TranslationCounters;
  /** Removes it with its link and the routes to it. Idempotent. */
  remove(): void;
}

/**
 * The translators of a lab. One thread serves all of them; it starts with the first translator, and
 * again after a failure.
 */
export class Translators {
  #onFailure: OnTranslationFailure;
  #session: TranslationSession | undefined;
  #closed = false;

  constructor(onFailure: OnTranslationFailure) {
    this.#onFailure = onFailure;
  }

  /** Whether there is a thread. */
  get running(): boolean {
    return this.#session !== undefined;
  }

  /**
   * Makes a translator on a TUN, whose link is up and has no routes yet. It is active when
   * {@linkcode Translators.ready} resolves; packets that arrive earlier wait.
   *
   * @throws {TranslationError} If the TUN cannot be made; the message says what to do.
   */
  add(place: TunPlace, spec: TranslationSpec): Translation {
    if (this.#closed) throw new TranslationError(`${place.label}: the lab is closed`);
    const tun = new Tun(place);
    try {
      this.#session ??= new TranslationSession((error, labels) => {
        this.#session = undefined;
        this.#onFailure(error, labels);
      });
      return this.#session.add(tun, spec);
    } catch (error) {
      tun.unlink();
      tun.close();
      throw error;
    }
  }

  /** Resolves when everything that was requested so far is effective. */
  async ready(): Promise<void> {
    await this.#session?.ready();
  }

  /** Releases a namespace that is about to go. */
  release(namespace: Namespace): void {
    this.#session?.release(namespace);
  }

  /** Ends the thread; the links go with their namespaces. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#session?.close();
    this.#session = undefined;
  }
}

type Loop = LoopSession<Command, ServedTun, TranslationError>;

/** One life of the thread, with the TUNs that it serves. */
class TranslationSession {
  #control = new Control();
  #loop: Loop;

  constructor(onFailure: OnTranslationFailure) {
    this.#loop = new LoopSession({
      what: "the translation of addresses",
      error: TranslationError,
      program: TRANSLATION_PROGRAM,
      ring: this.#control,
      stop: Command.Stop,
      capacity: TUNS,
      exhausted: `a lab can have ${TUNS} translators; remove others first`,
      cleanUp: removeLinks,
      onFailure,
    });
  }

  add(tun: Tun, spec: TranslationSpec): Translation {
    return this.#loop.add(tun.place.label, Command.Add, (id) => {
      this.#control.describe(id, { fd: tun.fd, spec });
      return new ServedTun(id, tun, this.#control, this.#loop);
    });
  }

  async ready(): Promise<void> {
    await this.#loop.ready();
  }

  release(namespace: Namespace): void {
    for (const item of [...this.#loop.items]) {
      if (item.tun.place.namespace === namespace) this.#loop.remove(item, Command.Remove);
    }
  }

  async close(): Promise<void> {
    await this.#loop.close();
  }
}

/** Removes the links: the kernel then refuses what is sent to IPv4, instead of losing it. */
function removeLinks(items: ServedTun[]): string {
  for (const { tun } of items) {
    try {
      tun.unlink();
    } catch {
      // Removes the others in any case.
    }
  }
  return "its nodes do not reach IPv4 any more, until their NAT64 or CLAT is set again";
}

/** A TUN of the thread, on the lab's side. */
class ServedTun implements LoopItem, Translation {
  readonly id: number;
  readonly tun: Tun;
  #control: Control;
  #loop: Loop;
  /** The final counters: from the release on, the ID may belong to another TUN. */
  #final: TranslationCounters | undefined;

  constructor(id: number, tun: Tun, control: Control, loop: Loop) {
    this.id = id;
    this.tun = tun;
    this.#control = control;
    this.#loop = loop;
  }

  get label(): string {
    return this.tun.place.label;
  }

  counters(): TranslationCounters {
    return this.#final ?? this.#control.counters(this.id);
  }

  remove(): void {
    if (!this.#loop.items.has(this)) return;
    this.tun.unlink();
    this.#loop.remove(this, Command.Remove);
  }

  release(): void {
    this.#final = this.counters();
    this.tun.close();
  }
}
