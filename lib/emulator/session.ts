import { EventFd } from "../../native/poll/eventfd.ts";
import type {
  Impairment,
  ImpairmentCounters,
  LinkEnd,
  LinkLimits,
  SharedRate,
  SharedRatePlace,
} from "../link/mod.ts";
import { Command, Control, DIRECTIONS, SHARED_RATES } from "./control.ts";
import { EmulatorError } from "./errors.ts";
import { offloadFor } from "./offload.ts";
import type { Port } from "./port.ts";
import type { Ports } from "./ports.ts";
import { Slots } from "../loop/slots.ts";
import { LoopThread } from "../loop/thread.ts";
import { watch } from "../loop/watchdog.ts";
import { EMULATOR_PROGRAM, type EmulatorStart } from "./program.ts";

/** Far more than a command takes on a busy host. */
const PATIENCE_MS = 10_000;

/** Called when the emulator's thread is gone and its links are plain again. */
export type OnFailure = (error: EmulatorError, labels: string[]) => void;

/** A direction that the thread serves. */
interface Held {
  end: LinkEnd;
  port: Port;
  /** Counts for the last time. */
  settle(): void;
}

/** One life of the emulator's thread: the directions that it serves, and what it is told of them. */
export class Session {
  #ports: Ports;
  #control = new Control();
  #wake = new EventFd();
  #thread: LoopThread<EmulatorStart>;
  #watchdog: Disposable;
  #directions = new Map<number, Held>();
  /** Those that the thread has yet to let go of. */
  #leaving = new Map<number, Held>();
  #free: number[] = [];
  #next = 0;
  #shared = new Map<SharedRate, number>();
  #sharedNumbers = new Slots(0, SHARED_RATES);
  #onFailure: OnFailure;
  #failure: EmulatorError | undefined;

  constructor(ports: Ports, onFailure: OnFailure) {
    this.#ports = ports;
    this.#onFailure = onFailure;
    this.#thread = new LoopThread(
      EMULATOR_PROGRAM,
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

  impair(end: LinkEnd, limits: LinkLimits, seed: number, shared?: SharedRate): Impairment {
    const id = this.#number(end);
    const numberOf = (shared?: SharedRate) => shared ? this.#shared.get(shared) ?? -1 : -1;
    let port: Port;
    try {
      port = this.#ports.take(end, limits, shared !== undefined);
    } catch (error) {
      this.#free.push(id);
      throw error;
    }
    const count = (): ImpairmentCounters => {
      const counters = this.#control.counters(id);
      const { overflowed } = port;
      return {
        ...counters,
        packets: counters.packets + overflowed,
        dropped: counters.dropped + overflowed,
      };
    };
    // What it came to, once it is over: the number and the port may be another's then.
    let result: ImpairmentCounters | undefined;
    const held: Held = { end, port, settle: () => result ??= count() };
    this.#directions.set(id, held);
    this.#control.describe(id, port, seed);
    this.#control.setLimits(id, limits);
    this.#control.setShared(id, numberOf(shared));
    this.post(Command.Add, id);

    const inForce = () => this.#directions.get(id) === held;
    return {
      change: (to, shared) => {
        if (!inForce()) return;
        port.setOffload(offloadFor(to, shared !== undefined));
        this.#control.setLimits(id, to);
        this.#control.setShared(id, numberOf(shared));
        this.post(Command.Change, id);
      },
      drop: () => {
        if (inForce()) this.post(Command.Drop, id);
      },
      counters: () => result ?? count(),
      remove: () => {
        if (!inForce()) return;
        this.#ports.restore(end, port);
        this.#finish(id, held, Command.Remove);
      },
      abandon: () => {
        if (inForce()) this.#finish(id, held, Command.Abandon);
      },
    };
  }

  shareRate(rateKbit: number, { label }: SharedRatePlace): SharedRate {
    const number = this.#sharedNumbers.take();
    if (number < 0) {
      throw new EmulatorError(
        `${label}: a lab can have ${SHARED_RATES} shared rates; clear others first`,
      );
    }
    const shared: SharedRate = {
      change: (to) => {
        this.#control.setSharedRate(number, to);
        this.post(Command.Share, number);
      },
      remove: () => {
        if (this.#shared.delete(shared)) this.#sharedNumbers.give(number);
      },
    };
    this.#shared.set(shared, number);
    shared.change(rateKbit);
    return shared;
  }

  #number({ label }: LinkEnd): number {
    const id = this.#free.pop() ?? this.#next++;
    if (id < DIRECTIONS) return id;
    this.#next--;
    throw new EmulatorError(
      `${label}: a lab can have ${DIRECTIONS} impaired directions of links; clear others first`,
    );
  }

  #finish(id: number, held: Held, command: Command): void {
    this.#directions.delete(id);
    this.#leaving.set(id, held);
    this.post(command, id);
    void this.ready().then(() => {
      if (!this.#leaving.delete(id)) return;
      this.#park(held);
      this.#free.push(id);
    }, () => {});
  }

  #park({ port, settle }: Held): void {
    settle();
    this.#ports.park(port);
  }

  post(command: Command, direction: number): void {
    if (this.#failure) return;
    const control = this.#control;
    while (control.full) {
      const { done } = control;
      control.block(done, PATIENCE_MS);
      if (control.done === done) throw this.#silent();
    }
    control.post(command, direction);
    this.#wake.signal();
  }

  /** Resolves when all that was posted so far is done. */
  async ready(): Promise<void> {
    const control = this.#control;
    const goal = control.posted;
    for (let done = control.done; done < goal; done = control.done) {
      if (this.#failure) throw this.#failure;
      await control.progress(done, PATIENCE_MS);
      if (control.done === done && !this.#failure) throw this.#silent();
    }
  }

  #silent(): EmulatorError {
    return new EmulatorError(
      `the link emulator did not answer within ${PATIENCE_MS / 1000} s; is the host overloaded?`,
    );
  }

  /** Makes all links plain again: without the thread they are black holes. */
  #fail(reason: string): void {
    if (this.#failure) return;
    this.#thread.terminate();
    const labels: string[] = [];
    const dead: string[] = [];
    for (const { end, port } of this.#directions.values()) {
      labels.push(end.label);
      try {
        this.#ports.restore(end, port);
      } catch (error) {
        // The others are to be plain all the same.
        dead.push(`${end.label} (${(error as Error).message})`);
      }
    }
    const outcome = dead.length > 0
      ? `these links carry nothing any more: ${dead.join(", ")}; all others`
      : "all links";
    this.#failure = new EmulatorError(
      `the link emulator ended: ${reason}; ${outcome} that it impaired are plain again`,
    );
    this.#letGo();
    this.#control.release();
    this.#onFailure(this.#failure, labels);
  }

  /** Ends the thread. Ends that are impaired still are not restored: they are to be gone. */
  async close(): Promise<void> {
    if (this.#failure) return;
    // A thread that does not even take commands is ended below.
    if (!this.#control.full) this.post(Command.Stop, 0);
    await this.#thread.ended(PATIENCE_MS);
    if (!this.#failure) this.#letGo();
  }

  #letGo(): void {
    this.#watchdog[Symbol.dispose]();
    for (const held of this.#directions.values()) this.#park(held);
    for (const held of this.#leaving.values()) this.#park(held);
    this.#directions.clear();
    this.#leaving.clear();
    this.#wake.close();
  }
}
