import { VmError } from "./options/errors.ts";
import { mustAllow, type VmOperation, type VmState } from "./options/state.ts";
import { unlessAborted } from "./socket/within.ts";

/** The state of a machine, and the operation on it that is in progress. */
export class Lifecycle {
  #name: string;
  #onState: (state: VmState, why?: string) => void;
  #state: VmState = "defined";
  /** The operation in progress that excludes all others: `snapshot()`. */
  #busy: string | undefined;
  #idle: Promise<void> = Promise.resolve();
  #life = new AbortController();
  /** Resolves when a failure has been reported. */
  #reported: Promise<void> = Promise.resolve();

  /** `onState` receives each new state, with the reason if no call requested it. */
  constructor(name: string, onState: (state: VmState, why?: string) => void) {
    this.#name = name;
    this.#onState = onState;
  }

  /** The current state. */
  get state(): VmState {
    return this.#state;
  }

  /** Aborted when what runs or boots now is ended; {@link abort} then replaces it. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  /** Resolves when a failure, if there is one, has been reported. */
  get failureReported(): Promise<void> {
    return this.#reported;
  }

  /** Resolves when no operation is in progress that excludes others. */
  async idle(): Promise<void> {
    while (this.#busy !== undefined) await this.#idle;
  }

  /** Refuses an operation that the state does not allow, or that another one excludes. */
  must(operation: VmOperation, what: string): void {
    const call = `${this.#name}.${what}`;
    mustAllow(operation, this.#state, call);
    if (this.#busy !== undefined && operation !== "powerOff") {
      throw new VmError(`${call}: ${this.#busy} is in progress; wait until it resolves`);
    }
  }

  /** Runs an operation that excludes all others but `powerOff`; fails when the machine is ended. */
  async during<T>(
    operation: VmOperation,
    what: string,
    act: (life: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.must(operation, what);
    const life = this.life;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#busy = what;
    this.#idle = promise;
    try {
      return await unlessAborted(life, act(life));
    } catch (error) {
      life.throwIfAborted(); // The cause of the error.
      throw error;
    } finally {
      this.#busy = undefined;
      resolve();
    }
  }

  /** Enters a state and reports it. `removed` is final. */
  enter(state: VmState, why?: string): void {
    if (this.#state === state || this.#state === "removed") return;
    this.#state = state;
    this.#onState(state, why);
  }

  /** Enters a state, unless the machine has left the one before meanwhile. */
  change(from: VmState, to: VmState): void {
    if (this.#state === from) this.enter(to);
  }

  /** Enters `failed`, and reports it after `end`: only then is the guest's last output known. */
  async fail(why: () => string, end: () => Promise<void>): Promise<void> {
    this.#state = "failed";
    this.#reported = end().then(() => {
      if (this.#state === "failed") this.#onState("failed", why());
    });
    await this.#reported;
  }

  /** Aborts {@link life} for a reason, and begins a new one. */
  abort(why: string): void {
    this.#life.abort(new VmError(`${this.#name}: ${why}`));
    this.#life = new AbortController();
  }
}
