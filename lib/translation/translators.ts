import { EventFd } from "../../native/poll/eventfd.ts";
import type { Namespace } from "../../native/namespace.ts";
import { LoopThread } from "../loop/thread.ts";
import { watch } from "../loop/watchdog.ts";
import { Command, Control, type TranslationCounters, TUNS } from "./control.ts";
import { TranslationError } from "./errors.ts";
import { TRANSLATION_PROGRAM, type TranslationStart } from "./program.ts";
import type { TranslationSpec } from "./spec.ts";
import { Tun, type TunPlace } from "./tun.ts";

/** Far more than a command takes on a busy host. */
const PATIENCE_MS = 10_000;

/** Called when the thread is gone, and with it all translators; `labels` says whose they were. */
export type OnTranslationFailure = (error: TranslationError, labels: string[]) => void;

/** A translator that is in force. */
export interface Translation {
  /** What it did so far; of one that is over, what it did in all. */
  counters(): TranslationCounters;
  /** Takes it away, with its link and the routes to it. Calling it again does nothing. */
  remove(): void;
}

interface Held {
  tun: Tun;
  /** Counts for the last time. */
  settle(): void;
}

/**
 * The translators of a lab. One thread does the work of all of them; it starts with the first, and
 * again after it failed.
 */
export class Translators {
  #onFailure: OnTranslationFailure;
  #session: Session | undefined;
  #closed = false;

  constructor(onFailure: OnTranslationFailure) {
    this.#onFailure = onFailure;
  }

  /** Whether there is a thread. */
  get running(): boolean {
    return this.#session !== undefined;
  }

  /**
   * Makes a translator on a TUN, whose link is up, and to which nothing is routed yet. It is in force
   * once {@linkcode Translators.ready} resolves; what comes before waits.
   *
   * @throws {TranslationError} If the TUN cannot be made; the message says what to do.
   */
  add(place: TunPlace, spec: TranslationSpec): Translation {
    if (this.#closed) throw new TranslationError(`${place.label}: the lab is closed`);
    const tun = new Tun(place);
    try {
      this.#session ??= new Session((error, labels) => {
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

  /** Resolves when all that was asked so far is in force. */
  async ready(): Promise<void> {
    await this.#session?.ready();
  }

  /** Lets go of a namespace that is to go. */
  release(namespace: Namespace): void {
    this.#session?.release(namespace);
  }

  /** Ends the thread; the links go with their namespaces. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#session?.close();
    this.#session = undefined;
  }

  /** For tests: has the thread fail, or do nothing any more. */
  sabotage(how: "fail" | "hang"): void {
    this.#session?.post(how === "fail" ? Command.Fail : Command.Hang, 0);
  }
}

/** One life of the thread. */
class Session {
  #control = new Control();
  #wake = new EventFd();
  #thread: LoopThread<TranslationStart>;
  #watchdog: Disposable;
  #tuns = new Map<number, Held>();
  #free: number[] = [];
  #next = 0;
  #onFailure: OnTranslationFailure;
  #failure: TranslationError | undefined;
  /** Those that the thread has yet to let go of. */
  #leaving = new Map<number, Held>();

  constructor(onFailure: OnTranslationFailure) {
    this.#onFailure = onFailure;
    this.#thread = new LoopThread(
      TRANSLATION_PROGRAM,
      { memory: this.#control.memory, wake: this.#wake.fd },
      (message) => this.#fail(`its thread failed: ${message}`),
    );
    this.#watchdog = watch({
      beat: () => this.#control.beat,
      poke: () => this.#wake.signal(),
      isRunning: () => this.#thread.running,
      dead: (seconds) => this.#fail(`its thread did nothing for ${seconds} s`),
    });
  }

  add(tun: Tun, spec: TranslationSpec): Translation {
    const id = this.#number(tun.place.label);
    let result: TranslationCounters | undefined;
    const count = () => result ?? this.#control.counters(id);
    const held: Held = { tun, settle: () => result ??= this.#control.counters(id) };
    this.#tuns.set(id, held);
    this.#control.describe(id, { fd: tun.fd, spec });
    this.post(Command.Add, id);
    return {
      counters: count,
      remove: () => {
        if (this.#tuns.get(id) !== held) return;
        tun.unlink();
        this.#finish(id, held);
      },
    };
  }

  release(namespace: Namespace): void {
    for (const [id, held] of this.#tuns) {
      if (held.tun.place.namespace === namespace) this.#finish(id, held);
    }
  }

  #number(label: string): number {
    const id = this.#free.pop() ?? this.#next++;
    if (id < TUNS) return id;
    this.#next--;
    throw new TranslationError(`${label}: a lab can have ${TUNS} translators; remove others first`);
  }

  #finish(id: number, held: Held): void {
    this.#tuns.delete(id);
    this.#leaving.set(id, held);
    this.post(Command.Remove, id);
    void this.ready().then(() => {
      if (!this.#leaving.delete(id)) return;
      held.settle();
      held.tun.close();
      this.#free.push(id);
    }, () => {});
  }

  post(command: Command, tun: number): void {
    if (this.#failure) return;
    if (this.#control.full) throw silent();
    this.#control.post(command, tun);
    this.#wake.signal();
  }

  async ready(): Promise<void> {
    const control = this.#control;
    const goal = control.posted;
    for (let done = control.done; done < goal; done = control.done) {
      if (this.#failure) throw this.#failure;
      await control.progress(done, PATIENCE_MS);
      if (control.done === done && !this.#failure) throw silent();
    }
  }

  /** Takes the links away: what is sent to IPv4 is refused by the kernel then, and not lost. */
  #fail(reason: string): void {
    if (this.#failure) return;
    this.#thread.terminate();
    const labels: string[] = [];
    for (const { tun } of this.#tuns.values()) {
      labels.push(tun.place.label);
      try {
        tun.unlink();
      } catch {
        // The others are to go all the same.
      }
    }
    this.#failure = new TranslationError(
      `the translation of addresses ended: ${reason}; ` +
        "what it was for has no way to IPv4 any more, until its NAT64 or CLAT is set anew",
    );
    this.#letGo();
    this.#control.release();
    this.#onFailure(this.#failure, labels);
  }

  async close(): Promise<void> {
    if (this.#failure) return;
    // A thread that does not even take commands is ended below.
    if (!this.#control.full) this.post(Command.Stop, 0);
    await this.#thread.ended(PATIENCE_MS);
    if (!this.#failure) this.#letGo();
  }

  #letGo(): void {
    this.#watchdog[Symbol.dispose]();
    for (const held of [...this.#tuns.values(), ...this.#leaving.values()]) {
      held.settle();
      held.tun.close();
    }
    this.#tuns.clear();
    this.#leaving.clear();
    this.#wake.close();
  }
}

function silent(): TranslationError {
  return new TranslationError(
    `the translation of addresses did not answer within ${PATIENCE_MS / 1000} s; ` +
      "is the host overloaded?",
  );
}
