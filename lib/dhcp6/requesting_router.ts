import { NetyardError } from "../../native/error.ts";
import {
  ALL_SERVERS,
  CLIENT_PORT,
  type ClientEvent,
  decodeMessage,
  DelegationClient,
  Dhcp6FormatError,
  duidOf,
  encodeMessage,
  type Lease,
  SERVER_PORT,
  type Step,
} from "./mod.ts";
import { Dhcp6Socket, type Enter } from "./socket.ts";
import { PrefixDelegationError } from "./errors.ts";

/** Whose prefix it is, and where it asks for it. */
export interface Requester {
  /** What errors call it. */
  name: string;
  enter: Enter;
  /** Of the uplink. */
  index: number;
  mac: string;
  length: number | undefined;
  random: () => number;
  /** Called for all that becomes of the prefix; what it throws ends the wait of who waits. */
  happened(event: ClientEvent): void;
}

/** The number of a router's one IA_PD. */
const ASSOCIATION = 1;
/** setTimeout knows no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Waiting {
  /** Whether an event ends the wait. */
  until(event: ClientEvent): boolean;
  done: PromiseWithResolvers<Lease | undefined>;
}

/** The side of prefix delegation that asks: a {@link DelegationClient} on a socket of a router. */
export class RequestingSide {
  #of: Requester;
  #client: DelegationClient;
  #socket: Dhcp6Socket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting = new Set<Waiting>();
  /** Why it stopped. */
  #closed: Error | undefined;

  constructor(requester: Requester) {
    this.#of = requester;
    const { mac, length, random } = requester;
    this.#client = new DelegationClient({
      duid: duidOf(mac),
      association: ASSOCIATION,
      length,
      random,
    });
  }

  /** As whom it asks. */
  get duid(): Uint8Array {
    return duidOf(this.#of.mac);
  }

  /** What it has. */
  get lease(): Lease | undefined {
    return this.#client.lease;
  }

  /**
   * Begins to ask; resolves with the first prefix that it is given.
   *
   * @throws {PrefixDelegationError} If it is refused one, or nobody answers in time; it then stops.
   */
  async start(timeoutMs: number): Promise<Lease> {
    const what = `${this.#of.name}: prefix delegation`;
    const bound = this.#wait(
      what,
      ({ kind }) => kind === "bound",
      timeoutMs,
      () => this.#client.start(performance.now()),
    );
    try {
      return (await bound)!;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Asks for another term at once; resolves with the prefix that it has then. */
  async renew(timeoutMs: number): Promise<Lease> {
    const what = `${this.#of.name}: renewPrefix()`;
    const until = ({ kind }: ClientEvent) => kind === "bound" || kind === "extended";
    return (await this.#wait(what, until, timeoutMs, () => this.#client.renew(performance.now())))!;
  }

  /** Gives its prefix back; resolves when the server has it, or when it was told in vain. */
  async release(timeoutMs: number): Promise<void> {
    if (!this.lease || this.#closed) return;
    const what = `${this.#of.name}: release of its prefix`;
    await this.#wait(
      what,
      ({ kind }) => kind === "released",
      timeoutMs,
      () => this.#client.release(performance.now()),
    ).catch(() => {});
  }

  /** Stops; who waits is told that it did. */
  async close(error: Error = new NetyardError(`${this.#of.name}: it is gone`)): Promise<void> {
    this.#closed ??= error;
    clearTimeout(this.#timer);
    for (const { done } of [...this.#waiting]) done.reject(error);
    await this.#socket?.close();
  }

  #wait(
    what: string,
    until: Waiting["until"],
    timeoutMs: number,
    begin: () => Step,
  ): Promise<Lease | undefined> {
    if (this.#closed) return Promise.reject(this.#closed);
    const waiting: Waiting = { until, done: Promise.withResolvers() };
    this.#waiting.add(waiting);
    // It keeps the process alive meanwhile, which the socket does not.
    const deadline = setTimeout(() => {
      waiting.done.reject(
        new PrefixDelegationError(
          `${what}: nobody answered on the link within ${timeoutMs / 1000} s; is it up, and does ` +
            "what is above it answer?",
        ),
      );
    }, timeoutMs);
    try {
      this.#open();
      this.#take(begin());
    } catch (error) {
      waiting.done.reject(error);
    }
    return waiting.done.promise.finally(() => {
      clearTimeout(deadline);
      this.#waiting.delete(waiting);
    });
  }

  #open(): void {
    this.#socket ??= new Dhcp6Socket(this.#of.enter, CLIENT_PORT, (bytes, { port }) => {
      if (port === SERVER_PORT) this.#received(bytes);
    }, (cause) => {
      this.#fail(
        new PrefixDelegationError(
          `${this.#of.name}: cannot bind UDP port ${CLIENT_PORT}: ${cause.message}; ` +
            "does another DHCPv6 client run in it?",
          { cause },
        ),
      );
    });
  }

  #received(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#take(this.#client.receive(decodeMessage(bytes), performance.now()));
    } catch (error) {
      // Whatever else is on the link is none of its business.
      if (!(error instanceof Dhcp6FormatError)) this.#fail(error);
    }
  }

  #take({ send, events }: Step): void {
    for (const event of events) {
      try {
        this.#of.happened(event);
      } catch (error) {
        this.#fail(error);
      }
    }
    for (const message of send) {
      this.#socket?.send(encodeMessage(message), this.#of.index, ALL_SERVERS, SERVER_PORT);
    }
    this.#schedule();
    for (const event of events) this.#tell(event);
  }

  #tell(event: ClientEvent): void {
    for (const { until, done } of this.#waiting) {
      if (until(event)) done.resolve(this.lease);
      else if (event.kind === "refused") {
        done.reject(
          new PrefixDelegationError(
            `${this.#of.name}: it was refused a prefix: ${event.text}`,
          ),
        );
      }
    }
  }

  #fail(error: unknown): void {
    for (const { done } of this.#waiting) done.reject(error);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const { dueMs } = this.#client;
    if (this.#closed || dueMs === Infinity) return;
    const delay = Math.min(Math.max(Math.ceil(dueMs - performance.now()), 0), LONGEST_TIMER_MS);
    const timer = setTimeout(() => this.#take(this.#client.tick(performance.now())), delay);
    Deno.unrefTimer(timer);
    this.#timer = timer;
  }
}
