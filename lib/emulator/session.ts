import type {
  Impairment,
  ImpairmentCounters,
  LinkEnd,
  LinkLimits,
  SharedRate,
  SharedRatePlace,
} from "../link/mod.ts";
import { type LoopItem, LoopSession } from "../loop/session.ts";
import { Slots } from "../loop/slots.ts";
import type { LoopProgram } from "../loop/thread.ts";
import { Command, Control, DIRECTIONS, SHARED_RATES } from "./control.ts";
import { EmulatorError } from "./errors.ts";
import { offloadFor, type Port } from "./port.ts";
import type { Ports } from "./ports.ts";

/** The emulator's thread. */
export const EMULATOR_PROGRAM: LoopProgram = {
  name: "netyard-emulator",
  module: new URL("./worker.ts", import.meta.url),
  entry: "emulate",
};

/** Called when the emulator's thread is gone and its links are plain again. */
export type OnFailure = (error: EmulatorError, labels: string[]) => void;

type Loop = LoopSession<Command, Direction, EmulatorError>;

/** One life of the emulator's thread, with the directions and shared rates that it serves. */
export class EmulatorSession {
  #ports: Ports;
  #control = new Control();
  #loop: Loop;
  #sharedRates = new Map<SharedRate, number>();
  #sharedIds = new Slots(0, SHARED_RATES);

  constructor(ports: Ports, onFailure: OnFailure) {
    this.#ports = ports;
    this.#loop = new LoopSession({
      what: "the link emulator",
      error: EmulatorError,
      program: EMULATOR_PROGRAM,
      ring: this.#control,
      stop: Command.Stop,
      capacity: DIRECTIONS,
      exhausted: `a lab can have ${DIRECTIONS} impaired directions of links; clear others first`,
      cleanUp: (directions) => this.#makePlain(directions),
      onFailure,
    });
  }

  /** Starts to impair what leaves by an end of a link. */
  impair(end: LinkEnd, limits: LinkLimits, seed: number, shared?: SharedRate): Impairment {
    const control = this.#control;
    return this.#loop.add(end.label, Command.Add, (id) => {
      const port = this.#ports.take(end, limits, shared !== undefined);
      control.describe(id, port, seed);
      control.setLimits(id, limits);
      control.setShared(id, this.#sharedId(shared));
      return new Direction(id, end, port, {
        control,
        ports: this.#ports,
        loop: this.#loop,
        sharedId: (shared) => this.#sharedId(shared),
      });
    });
  }

  /** Makes a rate that several directions can share. */
  shareRate(rateKbit: number, { label }: SharedRatePlace): SharedRate {
    const id = this.#sharedIds.take();
    if (id < 0) {
      throw new EmulatorError(
        `${label}: a lab can have ${SHARED_RATES} shared rates; clear others first`,
      );
    }
    const shared: SharedRate = {
      change: (rateKbit) => {
        this.#control.setSharedRate(id, rateKbit);
        this.#loop.post(Command.Share, id);
      },
      remove: () => {
        if (this.#sharedRates.delete(shared)) this.#sharedIds.give(id);
      },
    };
    this.#sharedRates.set(shared, id);
    shared.change(rateKbit);
    return shared;
  }

  #sharedId(shared: SharedRate | undefined): number {
    return shared ? this.#sharedRates.get(shared) ?? -1 : -1;
  }

  /** Resolves when everything that was requested so far is effective. */
  async ready(): Promise<void> {
    await this.#loop.ready();
  }

  /** Ends the thread. Does not restore impaired ends: their namespaces are about to go. */
  async close(): Promise<void> {
    await this.#loop.close();
  }

  /** Makes all links plain again: without the thread they are black holes. */
  #makePlain(directions: Direction[]): string {
    const broken = directions.flatMap(({ end, port }) => {
      try {
        this.#ports.restore(end, port);
        return [];
      } catch (error) {
        // Restores the others in any case.
        return [`${end.label} (${(error as Error).message})`];
      }
    });
    const plain = broken.length > 0
      ? `these links carry nothing any more: ${broken.join(", ")}; all others`
      : "all links";
    return `${plain} that it impaired are plain again`;
  }
}

/** What a direction needs of its session. */
interface Parts {
  control: Control;
  ports: Ports;
  loop: Loop;
  /** The ID of a shared rate; -1 for none. */
  sharedId(shared: SharedRate | undefined): number;
}

/** One impaired direction of a link, on the lab's side. After its removal, calls do nothing. */
class Direction implements LoopItem, Impairment {
  readonly id: number;
  readonly end: LinkEnd;
  readonly port: Port;
  #parts: Parts;
  /** The final counters: from the release on, the ID and the port may belong to another direction. */
  #final: ImpairmentCounters | undefined;

  constructor(id: number, end: LinkEnd, port: Port, parts: Parts) {
    this.id = id;
    this.end = end;
    this.port = port;
    this.#parts = parts;
  }

  get label(): string {
    return this.end.label;
  }

  get #isActive(): boolean {
    return this.#parts.loop.items.has(this);
  }

  get tap(): number | undefined {
    return this.#isActive ? this.port.index : undefined;
  }

  change(limits: LinkLimits, shared?: SharedRate): void {
    if (!this.#isActive) return;
    const { control, loop, sharedId } = this.#parts;
    this.port.setOffload(offloadFor(limits, shared !== undefined));
    control.setLimits(this.id, limits);
    control.setShared(this.id, sharedId(shared));
    loop.post(Command.Change, this.id);
  }

  drop(): void {
    if (this.#isActive) this.#parts.loop.post(Command.Drop, this.id);
  }

  counters(): ImpairmentCounters {
    if (this.#final) return this.#final;
    const counters = this.#parts.control.counters(this.id);
    const { overflowed } = this.port;
    return {
      ...counters,
      packets: counters.packets + overflowed,
      dropped: counters.dropped + overflowed,
    };
  }

  remove(): void {
    if (!this.#isActive) return;
    this.#parts.ports.restore(this.end, this.port);
    this.#parts.loop.remove(this, Command.Remove);
  }

  discard(): void {
    this.#parts.loop.remove(this, Command.Discard);
  }

  release(): void {
    this.#final = this.counters();
    this.#parts.ports.park(this.port);
  }
}
