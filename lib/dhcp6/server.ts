import { type Cidr, PoolExhaustedError } from "../address/mod.ts";
import { duidText, sameDuid } from "./duid.ts";
import {
  type Dhcp6Message,
  type LeasedPrefix,
  type MessageType,
  type PrefixAssociation,
  STATUS,
  type Status,
} from "./message.ts";
import { PrefixPool } from "./prefix_pool.ts";

/** The prefixes that a server gives, and their lifetimes. */
export interface ServerConfig {
  duid: Uint8Array;
  /** The pool of prefixes. */
  pool: PrefixPool;
  /** The default length of a prefix; a client may request a longer one. */
  length: number;
  /** Preferred lifetime, in seconds. */
  preferredSecs: number;
  /** Valid lifetime, in seconds. */
  validSecs: number;
}

/** A prefix that a client has, or was offered. */
interface Binding {
  prefix: Cidr;
  untilMs: number;
  /** Whether the client gets another prefix when it renews. */
  replace: boolean;
}

/** How long an offered prefix is reserved for a client that has not requested it yet. */
const OFFER_MS = 60_000;
const LONGEST = 64;

/**
 * A server that delegates prefixes to clients on a link (RFC 8415, section 18.3), as a pure state
 * machine: it gets a message and the time, and returns the answer.
 */
export class DelegationServer {
  #config: ServerConfig;
  #bindings = new Map<string, Binding>();

  constructor(config: ServerConfig) {
    this.#config = config;
  }

  /** The pool of prefixes. */
  get pool(): PrefixPool {
    return this.#config.pool;
  }

  /** Changes the pool; clients with a prefix of the former pool get another one when they renew. */
  usePool(pool: PrefixPool, length: number): void {
    this.#config = { ...this.#config, pool, length };
    for (const binding of this.#bindings.values()) binding.replace = true;
  }

  /** Gives a client another prefix when it renews, if there is another. */
  renumber(client: Uint8Array): void {
    const own = duidText(client);
    for (const [key, binding] of this.#bindings) {
      if (key.startsWith(`${own}/`)) binding.replace = true;
    }
  }

  /** Returns the answer to a message; undefined if the message gets none. */
  receive(message: Dhcp6Message, nowMs: number): Dhcp6Message | undefined {
    this.#expire(nowMs);
    const { duid } = this.#config;
    const { type, clientId, serverId, associations } = message;
    const toAny = type === "solicit" || type === "rebind";
    if (!clientId || (toAny ? serverId : !sameDuid(serverId, duid))) return undefined;
    const answered = (each: (key: string, asked: PrefixAssociation) => PrefixAssociation) =>
      associations.map((asked) => each(`${duidText(clientId)}/${asked.id}`, asked));
    const reply = (type: MessageType, rest: Partial<Dhcp6Message>): Dhcp6Message => ({
      type,
      transaction: message.transaction,
      clientId,
      serverId: duid,
      associations: [],
      others: [],
      ...rest,
    });
    if (type === "solicit") {
      const offers = answered((key, asked) => this.#offer(key, asked, nowMs + OFFER_MS));
      return reply("advertise", { preference: 255, associations: offers });
    }
    if (type === "request") {
      const untilMs = nowMs + 1000 * this.#config.validSecs;
      const given = answered((key, asked) => {
        const association = this.#offer(key, asked, untilMs);
        // The offer may have reserved it for longer.
        const binding = this.#bindings.get(key);
        if (binding) binding.untilMs = untilMs;
        return association;
      });
      return reply("reply", { associations: given });
    }
    if (type === "renew" || type === "rebind") {
      const known = associations.some(({ id }) =>
        this.#bindings.has(`${duidText(clientId)}/${id}`)
      );
      // The binding may be that of another server.
      if (type === "rebind" && !known) return undefined;
      return reply("reply", {
        associations: answered((key, asked) => this.#renew(key, asked, nowMs)),
      });
    }
    if (type !== "release") return undefined;
    return reply("reply", {
      status: { code: STATUS.success, text: "released" },
      associations: answered((key, asked) => this.#release(key, asked)),
    });
  }

  /** Returns the prefix of a client; reserves one if it has none. */
  #offer(key: string, asked: PrefixAssociation, untilMs: number): PrefixAssociation {
    const known = this.#bindings.get(key);
    if (known && !known.replace) {
      known.untilMs = Math.max(known.untilMs, untilMs);
      return this.#association(asked.id, [this.#leased(known.prefix)]);
    }
    const prefix = this.#take(asked);
    if (typeof prefix === "object" && "code" in prefix) return refused(asked.id, prefix);
    if (known) this.#config.pool.release(known.prefix);
    this.#bindings.set(key, { prefix, untilMs, replace: false });
    return this.#association(asked.id, [this.#leased(prefix)]);
  }

  #renew(key: string, asked: PrefixAssociation, nowMs: number): PrefixAssociation {
    const binding = this.#bindings.get(key);
    if (!binding) {
      return refused(asked.id, { code: STATUS.noBinding, text: "no prefix is known for this" });
    }
    const { pool, validSecs } = this.#config;
    const former = binding.prefix;
    if (binding.replace) {
      const prefix = this.#take(asked);
      const gone: LeasedPrefix = { prefix: former, preferredSecs: 0, validSecs: 0 };
      if ("code" in prefix) {
        const own = pool.cidr.contains(former.network);
        if (own) binding.replace = false;
        else this.#bindings.delete(key);
        return { ...refused(asked.id, prefix), prefixes: own ? [] : [gone] };
      }
      pool.release(former);
      Object.assign(binding, { prefix, replace: false, untilMs: nowMs + 1000 * validSecs });
      return this.#association(asked.id, [gone, this.#leased(prefix)]);
    }
    binding.untilMs = nowMs + 1000 * validSecs;
    return this.#association(asked.id, [this.#leased(former)]);
  }

  #release(key: string, asked: PrefixAssociation): PrefixAssociation {
    const binding = this.#bindings.get(key);
    const { id } = asked;
    if (!binding) {
      return refused(id, { code: STATUS.noBinding, text: "no prefix is known for this" });
    }
    this.#config.pool.release(binding.prefix);
    this.#bindings.delete(key);
    return { id, renewSecs: 0, rebindSecs: 0, prefixes: [] };
  }

  /** Takes a prefix of the requested length, within the limits. */
  #take(asked: PrefixAssociation): Cidr | Status {
    const { pool, length } = this.#config;
    const requested = asked.prefixes.find(({ prefix }) => prefix.prefix > 0)?.prefix.prefix ??
      length;
    try {
      return pool.take(Math.min(Math.max(requested, length), Math.max(length, LONGEST)));
    } catch (error) {
      if (!(error instanceof PoolExhaustedError)) throw error;
      return { code: STATUS.noPrefixAvailable, text: error.message };
    }
  }

  #leased(prefix: Cidr): LeasedPrefix {
    const { preferredSecs, validSecs } = this.#config;
    return { prefix, preferredSecs, validSecs };
  }

  #association(id: number, prefixes: LeasedPrefix[]): PrefixAssociation {
    const { preferredSecs } = this.#config;
    return {
      id,
      // The shares that RFC 8415, section 14.2, recommends.
      renewSecs: Math.floor(0.5 * preferredSecs),
      rebindSecs: Math.ceil(0.8 * preferredSecs),
      prefixes,
    };
  }

  #expire(nowMs: number): void {
    for (const [key, { prefix, untilMs }] of this.#bindings) {
      if (nowMs < untilMs) continue;
      this.#config.pool.release(prefix);
      this.#bindings.delete(key);
    }
  }
}

function refused(id: number, status: Status): PrefixAssociation {
  return { id, renewSecs: 0, rebindSecs: 0, prefixes: [], status };
}
