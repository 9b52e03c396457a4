import {
  CLIENT_PORT,
  decodeMessage,
  DelegationServer,
  Dhcp6FormatError,
  duidOf,
  encodeMessage,
  type PrefixPool,
  SERVER_PORT,
} from "../../dhcp6/mod.ts";
import defer * as sockets from "../../dhcp6/socket.ts";
import { LAN_LENGTH } from "../options/delegation_options.ts";
import type { NodeRecord, Port, Segment } from "../model/records.ts";

/** The lifetimes of delegated prefixes. */
export interface Lifetimes {
  preferredSecs: number;
  validSecs: number;
}

/**
 * The delegating router of prefix delegation: a {@link DelegationServer} on a socket of a node, for the
 * members of one of its segments. It listens from the first link on.
 */
export class DelegatingSide {
  readonly server: DelegationServer;
  #node: NodeRecord;
  #segment: Segment;
  #socket: sockets.Dhcp6Socket | undefined;

  constructor(
    node: NodeRecord,
    segment: Segment,
    pool: PrefixPool,
    length: number,
    lifetimes: Lifetimes,
  ) {
    this.#node = node;
    this.#segment = segment;
    this.server = new DelegationServer({ duid: duidOf(segment.mac), pool, length, ...lifetimes });
  }

  /** Whether its pool is too small to delegate a prefix. */
  get isEmpty(): boolean {
    return this.server.pool.cidr.prefix > LAN_LENGTH;
  }

  /** Listens on the present links of its clients; called whenever they may have changed. */
  follow(): void {
    const links = this.#links();
    if (!this.#socket && links.length === 0) return;
    this.#socket ??= new sockets.Dhcp6Socket(
      (fn) => this.#node.runtime.namespace.enter(fn),
      SERVER_PORT,
      (bytes, from) => this.#received(bytes, from),
      () => {}, // A program of the user has the port: that program is the server then.
    );
    const present = new Set(links.map(({ index }) => index));
    for (const link of [...this.#socket.links]) if (!present.has(link)) this.#socket.leave(link);
    for (const link of links) this.#socket.join(link);
  }

  async close(): Promise<void> {
    await this.#socket?.close();
  }

  /** The IX and regions have a link to each member, a LAN has one for all. */
  #links(): Port[] {
    const { kind, members, gatewayLink } = this.#segment;
    if (kind === "exchange") return [...members.values()];
    return gatewayLink ? [gatewayLink] : [];
  }

  /** Returns the link of a client, by its link-local address, which is unique in the lab. */
  #linkOf(ip: string): number | undefined {
    const { kind, members, gatewayLink } = this.#segment;
    if (kind !== "exchange") return gatewayLink?.index;
    for (const [{ linkLocal6 }, { index }] of members) if (linkLocal6 === ip) return index;
    return undefined;
  }

  #received(bytes: Uint8Array, from: { ip: string; port: number }): void {
    try {
      const answer = this.server.receive(decodeMessage(bytes), performance.now());
      const link = this.#linkOf(from.ip);
      if (!answer || link === undefined) return;
      this.#socket?.send(encodeMessage(answer), link, from.ip, CLIENT_PORT);
    } catch (error) {
      // Ignores other datagrams on the link.
      if (!(error instanceof Dhcp6FormatError)) throw error;
    }
  }
}
