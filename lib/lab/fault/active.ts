import { parseOptions } from "../../options/parse_options.ts";
import { onlyFaults } from "../../record/only_faults.ts";
import type { LabCore } from "../model/lab.ts";
import type { Undo } from "./effects.ts";
import { faultOps } from "./late.ts";
import type { Fault } from "./types.ts";

/** An injected fault. */
export class ActiveFault implements AsyncDisposable {
  /** Unique in the lab, as in its events. */
  readonly id: string;
  /** The fault. */
  readonly fault: Fault;
  #core: LabCore;
  #undo: Undo | undefined;
  /** Whether `NETYARD_FAULTS` leaves it out: it has no effect, and no events. */
  #isLeftOut = false;

  /**
   * Made by `lab.inject()`.
   *
   * @internal
   */
  constructor(core: LabCore, id: string, given: Fault) {
    const what = `inject(${JSON.stringify((given as Partial<Fault> | undefined)?.kind)})`;
    core.open(what);
    const { faultRecord, faultSchema, startFault } = faultOps();
    this.#core = core;
    this.id = id;
    this.fault = parseOptions(faultSchema, given, what);
    if (onlyFaults()?.includes(id) === false) {
      this.#undo = () => {};
      this.#isLeftOut = true;
      return;
    }
    const failed = (error: unknown) => {
      if (!core.bus.closed) core.bus.emit({ kind: "fault-failed", id, error: String(error) });
    };
    this.#undo = startFault(core, what, this.fault, { failed });
    core.faults.add(this);
    core.changed();
    core.bus.emit({ kind: "fault-injected", id, fault: faultRecord(this.fault) });
    core.settle().catch(failed);
  }

  /** Whether it was healed. */
  get healed(): boolean {
    return this.#undo === undefined;
  }

  /**
   * Undoes exactly this fault: later requests stay effective, and so do other faults of the same
   * interface or link. Idempotent; does nothing once the lab is closed.
   */
  async heal(): Promise<void> {
    const undo = this.#undo;
    if (!undo || this.#core.closed) return;
    this.#undo = undefined;
    if (this.#isLeftOut) return;
    this.#core.faults.delete(this);
    undo();
    this.#core.changed();
    this.#core.bus.emit({ kind: "fault-healed", id: this.id });
    await this.#core.settle();
  }

  /** Stops its timers when the lab closes. */
  stop(): void {
    this.#undo?.();
    this.#undo = undefined;
  }

  /** As {@link ActiveFault.heal}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.heal();
  }
}
