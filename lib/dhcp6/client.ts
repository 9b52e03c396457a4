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

/** What a client asks for, and as whom. */
export interface ClientConfig {
  duid: Uint8Array;
  /** The number of its one IA_PD. */
  association: number;
  /** The prefix length that it wishes; undefined: whatever the server gives. */
  length?: number;
  /** From 0 up to 1, as `Math.random` is. */
  random: () => number;
}

/** A prefix that a client has. */
export interface Lease {
  prefix: Cidr;
  preferredSecs: number;
  validSecs: number;
  /** When the server gave or extended it, by the clock that the client is told. */
  sinceMs: number;
}

/** What became of what a client asked for. */
export type ClientEvent =
  /** It has a prefix; `former` is the one that it has instead of, if it had another. */
  | { kind: "bound"; lease: Lease; former?: Cidr }
  /** It has the same prefix for another while. */
  | { kind: "extended"; lease: Lease }
  /** A server answered that there is none; it goes on asking. */
  | { kind: "refused"; text: string }
  /** Its prefix is not its own any more; it asks for another. */
  | { kind: "lost"; former: Cidr }
  /** It gave its prefix back, or tried to. */
  | { kind: "released"; former: Cidr };

/** What comes of an event: messages to send, and what to tell. */
export interface Step {
  send: Dhcp6Message[];
  events: ClientEvent[];
}

/** What a client does: it waits for an answer to the message that is called so. */
type Asking = "solicit" | "request" | "renew" | "rebind" | "release";

interface Exchange {
  asking: Asking;
  transaction: number;
  startedMs: number;
  /** When it is sent again. */
  dueMs: number;
  waitMs: number;
  attempts: number;
}

const FOR_EVER = 0xffff_ffff;
/** A server may say nothing about when to renew: then at these shares of the preferred lifetime. */
const RENEW_SHARE = 0.5;
const REBIND_SHARE = 0.8;
/** Hundredths of a second, the unit of the elapsed time; it has two bytes. */
const ELAPSED_MS = 10;
const LONGEST_ELAPSED = 0xffff;
/** SOL_MAX_RT, which a client must ask for (RFC 8415, section 21.24). */
const REQUESTED = [82];

/**
 * A client that has one prefix delegated (RFC 8415, section 18.2), as a pure machine: it is told what
 * comes and how late it is, and says what to send. It takes the first prefix that it is given.
 *
 * It differs from the text in one point: it sends its first message at once, and not up to a second
 * later, since no power failure has all clients of a lab begin together.
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

  /** The prefix that it has. */
  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** What it waits for an answer to, if it does. */
  get asking(): Asking | undefined {
    return this.#exchange?.asking;
  }

  /** When {@link DelegationClient.tick} is to be called; Infinity: never. */
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

  /** Begins to ask for a prefix. */
  start(nowMs: number): Step {
    const step: Step = { send: [], events: [] };
    this.#ask("solicit", nowMs, step);
    return step;
  }

  /** Asks whether it may keep its prefix, or has another, at once and not only in time. */
  renew(nowMs: number): Step {
    const step: Step = { send: [], events: [] };
    if (this.#lease) this.#ask("renew", nowMs, step);
    else if (this.asking === undefined) this.#ask("solicit", nowMs, step);
    return step;
  }

  /** Gives its prefix back; from now on it has none, whatever is answered. */
  release(nowMs: number): Step {
    const step: Step = { send: [], events: [] };
    const lease = this.#lease;
    this.#exchange = undefined;
    if (lease) this.#ask("release", nowMs, step);
    return step;
  }

  /** Has it do what is due. */
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

  /** Tells it of a message that came; one that is not for it does nothing. */
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
      // It keeps what it has, and asks again when the time has come.
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

  /** Sends the last message again, unless it was sent often enough. */
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
    step.send.push(this.#message(exchange, nowMs, this.#wished()));
  }

  #ask(asking: Asking, nowMs: number, step: Step, wished = this.#wished()): void {
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
    step.send.push(this.#message(this.#exchange, nowMs, wished));
  }

  /** What it names in its messages: what it has, or the length that it would like. */
  #wished(): LeasedPrefix[] {
    const { length } = this.#config;
    if (this.#lease) return [{ prefix: this.#lease.prefix, preferredSecs: 0, validSecs: 0 }];
    return length === undefined
      ? []
      : [{ prefix: new Cidr(6, 0n, length), preferredSecs: 0, validSecs: 0 }];
  }

  #message({ asking, transaction, startedMs }: Exchange, nowMs: number, wished: LeasedPrefix[]) {
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
      associations: [{ id: association, renewSecs: 0, rebindSecs: 0, prefixes: wished }],
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
