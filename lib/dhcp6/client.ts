import { Cidr } from "../address/mod.ts";
import { sameDuid } from "./duid.ts";
import {
  type Dhcp6Message,
  type LeasedPrefix,
  type MessageType,
  type PrefixAssociation,
  STATUS,
} from "./message.ts";
import { nextWait, RETRANSMISSION } from "./retransmission.ts";

/** The identity of a client, and the prefix that it requests. */
export interface ClientConfig {
  duid: Uint8Array;
  /** The IAID of its only IA_PD. */
  association: number;
  /** The requested prefix length; undefined for that of the server. */
  length?: number;
  /** Returns random numbers from 0 up to 1, as `Math.random` does. */
  random: () => number;
}

/** A prefix that a client has. */
export interface Lease {
  prefix: Cidr;
  preferredSecs: number;
  validSecs: number;
  /** The time at which the server gave or extended it, on the clock of `nowMs`. */
  sinceMs: number;
}

/** The result of a request. */
export type ClientEvent =
  /** The client has a new prefix; `former` is the one that it replaces, if there was one. */
  | { kind: "bound"; lease: Lease; former?: Cidr }
  /** The client has the same prefix for another lifetime. */
  | { kind: "extended"; lease: Lease }
  /** A server refused a prefix; the client keeps asking. */
  | { kind: "refused"; text: string }
  /** The client lost its prefix; it asks for another. */
  | { kind: "lost"; former: Cidr }
  /** The client released its prefix, or gave up releasing it. */
  | { kind: "released"; former: Cidr };

/** The result of a call: messages to send, and events to report. */
export interface Step {
  send: Dhcp6Message[];
  events: ClientEvent[];
}

/** The message to which a client waits for an answer. */
type Asking = "solicit" | "request" | "renew" | "rebind" | "release";

interface Exchange {
  asking: Asking;
  transaction: number;
  startedMs: number;
  /** The time of the next retransmission. */
  dueMs: number;
  waitMs: number;
  attempts: number;
}

const FOR_EVER = 0xffff_ffff;
/** If the server sets no T1 and T2, the client renews and rebinds at these shares of the preferred lifetime. */
const RENEW_SHARE = 0.5;
const REBIND_SHARE = 0.8;
/** The unit of the Elapsed Time option: hundredths of a second, in two bytes. */
const ELAPSED_MS = 10;
const LONGEST_ELAPSED = 0xffff;
/** SOL_MAX_RT, which a client must ask for (RFC 8415, section 21.24). */
const REQUESTED = [82];

/**
 * A client for one delegated prefix (RFC 8415, section 18.2), as a pure state machine: each call gets
 * the time and returns the messages to send. It takes the first prefix that a server offers.
 *
 * It differs from the RFC in one point: it sends its first message immediately, without a random
 * delay of up to a second. That delay keeps clients apart that start together after a power failure.
 */
export class DelegationClient {
  #config: ClientConfig;
  #exchange: Exchange | undefined;
  #server: Uint8Array | undefined;
  #lease: Lease | undefined;
  #renewMs = Infinity;
  #rebindMs = Infinity;

  constructor(config: ClientConfig) {
    this.#config = config;
  }

  /** The current prefix. */
  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** The message to which it waits for an answer, if it does. */
  get asking(): Asking | undefined {
    return this.#exchange?.asking;
  }

  /** The time of the next call of {@link DelegationClient.tick}; Infinity for never. */
  get dueMs(): number {
    const asking = this.#exchange?.dueMs ?? Infinity;
    if (!this.#lease || this.asking === "release") return asking;
    const next = this.asking === undefined
      ? this.#renewMs
      : this.asking === "renew"
      ? this.#rebindMs
      : Infinity;
    return Math.min(asking, next, this.#expiresMs());
  }

  /** Begins to request a prefix. */
  start(nowMs: number): Step {
    const step: Step = { send: [], events: [] };
    this.#ask("solicit", nowMs, step);
    return step;
  }

  /** Renews its prefix now, before T1; the server may give it another. */
  renew(nowMs: number): Step {
    const step: Step = { send: [], events: [] };
    if (this.#lease) this.#ask("renew", nowMs, step);
    else if (this.asking === undefined) this.#ask("solicit", nowMs, step);
    return step;
  }

  /** Releases its prefix. Afterwards it has none, whatever the server answers. */
  release(nowMs: number): Step {
    const step: Step = { send: [], events: [] };
    const lease = this.#lease;
    this.#exchange = undefined;
    if (lease) this.#ask("release", nowMs, step);
    return step;
  }

  /** Does what is due at this time. */
  tick(nowMs: number): Step {
    const step: Step = { send: [], events: [] };
    if (nowMs < this.dueMs) return step;
    if (this.asking !== "release" && this.#lease && nowMs >= this.#expiresMs()) {
      this.#lose(nowMs, step);
    } else if (this.#lease && this.asking === "renew" && nowMs >= this.#rebindMs) {
      this.#ask("rebind", nowMs, step);
    } else if (this.#exchange) {
      this.#again(this.#exchange, nowMs, step);
    } else {
      this.#ask(nowMs >= this.#rebindMs ? "rebind" : "renew", nowMs, step);
    }
    return step;
  }

  /** Handles a received message; ignores messages for other clients. */
  receive(message: Dhcp6Message, nowMs: number): Step {
    const step: Step = { send: [], events: [] };
    const exchange = this.#exchange;
    if (!exchange || message.transaction !== exchange.transaction) return step;
    if (!message.serverId || !sameDuid(message.clientId, this.#config.duid)) return step;
    const answer: MessageType = exchange.asking === "solicit" ? "advertise" : "reply";
    if (message.type !== answer) return step;
    const association = message.associations.find(({ id }) => id === this.#config.association);
    if (exchange.asking === "solicit") this.#advertised(message, association, nowMs, step);
    else if (exchange.asking === "release") this.#released(step);
    else this.#replied(message, association, nowMs, step);
    return step;
  }

  #advertised(
    message: Dhcp6Message,
    association: PrefixAssociation | undefined,
    nowMs: number,
    step: Step,
  ): void {
    const offer = association?.prefixes.find(isValid);
    if (!offer) return refuse(message, association, step);
    this.#server = message.serverId;
    this.#ask("request", nowMs, step, [offer]);
  }

  #replied(
    message: Dhcp6Message,
    association: PrefixAssociation | undefined,
    nowMs: number,
    step: Step,
  ): void {
    const given = association?.prefixes.find(isValid);
    if (given) {
      this.#server = message.serverId;
      return this.#bind(given, association!, nowMs, step);
    }
    const status = association?.status ?? message.status;
    const taken = association?.prefixes.some(({ prefix }) => this.#has(prefix));
    if (this.asking === "request") {
      refuse(message, association, step);
      this.#ask("solicit", nowMs, step);
    } else if (taken) {
      this.#lose(nowMs, step);
    } else if (status?.code === STATUS.noBinding) {
      this.#server = message.serverId;
      this.#ask("request", nowMs, step);
    } else {
      // It keeps its prefix, and asks again when that is due.
      refuse(message, association, step);
      if (nowMs < this.#renewMs) this.#exchange = undefined;
    }
  }

  #bind(given: LeasedPrefix, association: PrefixAssociation, nowMs: number, step: Step): void {
    const { prefix, preferredSecs, validSecs } = given;
    const former = this.#lease?.prefix;
    const lease: Lease = { prefix, preferredSecs, validSecs, sinceMs: nowMs };
    this.#lease = lease;
    this.#exchange = undefined;
    const share = (said: number, share: number) => {
      if (said === FOR_EVER || (said === 0 && preferredSecs === FOR_EVER)) return Infinity;
      return nowMs + 1000 * (said > 0 ? said : share * preferredSecs);
    };
    this.#renewMs = share(association.renewSecs, RENEW_SHARE);
    this.#rebindMs = share(association.rebindSecs, REBIND_SHARE);
    if (former?.toString() === prefix.toString()) step.events.push({ kind: "extended", lease });
    else step.events.push({ kind: "bound", lease, ...former && { former } });
  }

  #lose(nowMs: number, step: Step): void {
    const former = this.#forget();
    if (former) step.events.push({ kind: "lost", former });
    this.#ask("solicit", nowMs, step);
  }

  #released(step: Step): void {
    const former = this.#forget();
    this.#exchange = undefined;
    if (former) step.events.push({ kind: "released", former });
  }

  #forget(): Cidr | undefined {
    const former = this.#lease?.prefix;
    this.#lease = undefined;
    this.#renewMs = this.#rebindMs = Infinity;
    return former;
  }

  #has(prefix: Cidr): boolean {
    return this.#lease?.prefix.toString() === prefix.toString();
  }

  #expiresMs(): number {
    const { sinceMs, validSecs } = this.#lease!;
    return validSecs === FOR_EVER ? Infinity : sinceMs + 1000 * validSecs;
  }

  /** Retransmits the last message, unless the attempts are used up. */
  #again(exchange: Exchange, nowMs: number, step: Step): void {
    const { asking, attempts } = exchange;
    const limits = RETRANSMISSION[asking];
    if (limits.attempts > 0 && attempts >= limits.attempts) {
      if (asking === "release") this.#released(step);
      else this.#ask("solicit", nowMs, step);
      return;
    }
    exchange.waitMs = nextWait(limits, exchange.waitMs, this.#config.random());
    exchange.dueMs = nowMs + exchange.waitMs;
    exchange.attempts++;
    step.send.push(this.#message(exchange, nowMs, this.#requested()));
  }

  #ask(asking: Asking, nowMs: number, step: Step, prefixes = this.#requested()): void {
    const { random } = this.#config;
    const waitMs = nextWait(RETRANSMISSION[asking], undefined, random());
    this.#exchange = {
      asking,
      transaction: Math.floor(random() * 0x1000000),
      startedMs: nowMs,
      dueMs: nowMs + waitMs,
      waitMs,
      attempts: 1,
    };
    step.send.push(this.#message(this.#exchange, nowMs, prefixes));
  }

  /** The prefixes that its messages name: the current one, or `::` with the requested length. */
  #requested(): LeasedPrefix[] {
    const { length } = this.#config;
    if (this.#lease) return [{ prefix: this.#lease.prefix, preferredSecs: 0, validSecs: 0 }];
    return length === undefined
      ? []
      : [{ prefix: new Cidr(6, 0n, length), preferredSecs: 0, validSecs: 0 }];
  }

  #message({ asking, transaction, startedMs }: Exchange, nowMs: number, prefixes: LeasedPrefix[]) {
    const elapsed = Math.floor((nowMs - startedMs) / ELAPSED_MS);
    const { duid, association } = this.#config;
    const toAny = asking === "solicit" || asking === "rebind";
    const message: Dhcp6Message = {
      type: asking,
      transaction,
      clientId: duid,
      ...!toAny && this.#server && { serverId: this.#server },
      elapsed: Math.min(elapsed, LONGEST_ELAPSED),
      ...asking !== "release" && { requested: REQUESTED },
      associations: [{ id: association, renewSecs: 0, rebindSecs: 0, prefixes }],
      others: [],
    };
    return message;
  }
}

const isValid = ({ validSecs, preferredSecs }: LeasedPrefix) =>
  validSecs > 0 && preferredSecs <= validSecs;

function refuse(
  message: Dhcp6Message,
  association: PrefixAssociation | undefined,
  step: Step,
): void {
  const status = association?.status ?? message.status;
  const text = status?.text || `status ${status?.code ?? "unknown"}, and no prefix`;
  step.events.push({ kind: "refused", text });
}
