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
import defer * as sockets from "./socket.ts";
import type { Dhcp6Socket, Enter } from "./socket.ts";
import { PrefixDelegationError } from "./errors.ts";

/** The router that requests a prefix, and its uplink. */
export interface Requester {
  /** The name of the router in errors. */
  name: string;
  enter: Enter;
  /** The link index of the uplink. */
  index: number;
  mac: string;
  length: number | undefined;
  random: () => number;
  /** Handles an event of the client; an error that it throws rejects the pending calls. */
  happened(event: ClientEvent): void;
}

/** The IAID of the only IA_PD of a router. */
const ASSOCIATION = 1;
/** The longest delay of setTimeout. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Waiting {
  /** Returns whether an event ends the wait. */
  until(event: ClientEvent): boolean;
  done: PromiseWithResolvers<Lease | undefined>;
}

/** The requesting router of prefix delegation: a {@link DelegationClient} on a socket. */
export class RequestingSide {
  #of: Requester;
  #client: DelegationClient;
  #socket: Dhcp6Socket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting = new Set<Waiting>();
  /** The error that ended it. */
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

  /** The DUID of the client. */
  get duid(): Uint8Array {
    return duidOf(this.#of.mac);
  }

  /** The current prefix. */
  get lease(): Lease | undefined {
    return this.#client.lease;
  }

  /**
   * Begins to request a prefix; resolves with the first one.
   *
   * @throws {PrefixDelegationError} If a server refuses, or none answers in time; the client then stops.
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

  /** Renews the prefix now; resolves with the prefix after that. */
  async renew(timeoutMs: number): Promise<Lease> {
    const what = `${this.#of.name}: renewPrefix()`;
    const until = ({ kind }: ClientEvent) => kind === "bound" || kind === "extended";
    return (await this.#wait(what, until, timeoutMs, () => this.#client.renew(performance.now())))!;
  }

  /** Releases the prefix; resolves when the server has confirmed it, or at the deadline. */
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

  /** Stops, and rejects the pending calls. */
  async close(error: Error = new NetyardError(`${this.#of.name}: it was removed`)): Promise<void> {
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
    // This timer keeps the process alive; the socket does not.
    const deadline = setTimeout(() => {
      waiting.done.reject(
        new PrefixDelegationError(
          `${what}: no DHCPv6 server answered on the link within ${timeoutMs / 1000} s; check ` +
            "that the link is up and that the upstream delegates prefixes",
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
    this.#socket ??= new sockets.Dhcp6Socket(this.#of.enter, CLIENT_PORT, (bytes, { port }) => {
      if (port === SERVER_PORT) this.#received(bytes);
    }, (cause) => {
      this.#fail(
        new PrefixDelegationError(
          `${this.#of.name}: cannot bind UDP port ${CLIENT_PORT}: ${cause.message}; ` +
            "stop the other DHCPv6 client in this router",
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
      // Ignores other datagrams on the link.
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
    for (const event of events) this.#settle(event);
  }

  #settle(event: ClientEvent): void {
    for (const { until, done } of this.#waiting) {
      if (until(event)) done.resolve(this.lease);
      else if (event.kind === "refused") {
        done.reject(
          new PrefixDelegationError(
            `${this.#of.name}: the server refused a prefix: ${event.text}`,
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
