import { fast } from "../../native/fast.ts";
import { fixedBytes } from "../../native/memory.ts";
import { Poller } from "../../native/poll/poller.ts";
import type { CommandRing } from "./command_ring.ts";

/** The token of the eventfd. */
const WAKE = 0xffff_ffff;
/** The longest sleep. */
const IDLE_NS = 10e9;
const COUNTER_BYTES = 8;

/**
 * The loop of a thread: waits for descriptors to become readable, and executes the commands of a ring,
 * until the command to stop. Allocates nothing after its construction.
 */
export abstract class DescriptorLoop<Command extends number> {
  protected readonly poller = new Poller();
  #ring: CommandRing<Command>;
  #wake: number;
  #stop: Command;
  #stopped = false;
  #counter = fixedBytes(COUNTER_BYTES);
  #counterPointer = Deno.UnsafePointer.of(this.#counter)!;

  /** `wake` is the eventfd of the thread, and `stop` the command that ends the loop. */
  constructor(ring: CommandRing<Command>, wake: number, stop: Command) {
    this.#ring = ring;
    this.#wake = wake;
    this.#stop = stop;
    this.poller.add(wake, WAKE);
  }

  /** Executes a command, except the one to stop. */
  protected abstract execute(command: Command, subject: number): void;

  /** Handles a readable descriptor; `failed` is that of {@link Poller.failed}. */
  protected abstract serve(token: number, failed: boolean): void;

  /** Returns how long the loop may sleep, in nanoseconds; 0 or less for not at all. */
  protected abstract idleNs(): number;

  /** Does what is due, after each turn. */
  protected abstract endTurn(): void;

  /** Releases what belongs to the loop. */
  protected abstract close(): void;

  /** Runs the loop on this thread. */
  run(): void {
    try {
      this.#executeCommands();
      while (!this.#stopped) this.#turn();
    } finally {
      this.poller.close();
      this.close();
    }
  }

  #turn(): void {
    const { poller } = this;
    const ready = poller.wait(Math.min(this.idleNs(), IDLE_NS));
    this.#ring.alive();
    for (let n = 0; n < ready; n++) {
      const token = poller.token(n);
      if (token === WAKE) this.#executeCommands();
      else this.serve(token, poller.failed(n));
    }
    this.endTurn();
  }

  #executeCommands(): void {
    fast().read(this.#wake, this.#counterPointer, BigInt(COUNTER_BYTES));
    for (let command; (command = this.#ring.command());) {
      if (command === this.#stop) this.#stopped = true;
      else this.execute(command, this.#ring.subject());
      this.#ring.finish();
    }
  }
}
