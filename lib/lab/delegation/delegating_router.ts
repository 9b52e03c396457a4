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
import { Dhcp6Socket } from "../../dhcp6/socket.ts";
import { LAN_LENGTH } from "../options/delegation_options.ts";
import type { NodeRecord, Port, Segment } from "../model/records.ts";

/** How long what a node hands out is good. */
export interface Lifetimes {
  preferredSecs: number;
  validSecs: number;
}

/**
 * The side of prefix delegation that hands out: a {@link DelegationServer} on a socket of a node, for
 * those on one of its segments. It listens from the first link on.
 */
export class DelegatingSide {
  readonly server: DelegationServer;
  #node: NodeRecord;
  #segment: Segment;
  #socket: Dhcp6Socket | undefined;

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

  /** Whether there is anything to hand out at all. */
  get isEmpty(): boolean {
    return this.server.pool.cidr.prefix > LAN_LENGTH;
  }

  /** Listens on the links on which its clients are now; called whenever they may have changed. */
  follow(): void {
    const links = this.#links();
    if (!this.#socket && links.length === 0) return;
    this.#socket ??= new Dhcp6Socket(
      (fn) => this.#node.runtime.namespace.enter(fn),
      SERVER_PORT,
      (bytes, from) => this.#received(bytes, from),
      () => {}, // A program of the user's has the port: then that is the server.
    );
    const present = new Set(links.map(({ index }) => index));
    for (const link of [...this.#socket.links]) if (!present.has(link)) this.#socket.leave(link);
    for (const link of links) this.#socket.join(link);
  }

  async close(): Promise<void> {
    await this.#socket?.close();
  }

  /** An exchange has a link to each member, a LAN one for all. */
  #links(): Port[] {
    const { kind, members, gatewayLink } = this.#segment;
    if (kind === "exchange") return [...members.values()];
    return gatewayLink ? [gatewayLink] : [];
  }

  /** The link on which somebody is, by the link-local address, which no two of a lab share. */
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
      // Whatever else is on the link is none of its business.
      if (!(error instanceof Dhcp6FormatError)) throw error;
    }
  }
}
