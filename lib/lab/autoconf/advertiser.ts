import { HOP_LIMIT, readNdp, writeAdvertisement } from "../../../native/ndp/codec.ts";
import { NdpSocket } from "../../../native/ndp/socket.ts";
import { watch } from "../../../native/poll/watch.ts";
import { ipBytes } from "../../address/mod.ts";
import { type Advertised, advertisementOf } from "./advertisement.ts";
import type { Segment } from "../model/records.ts";

/** Sends the advertisements of a router into its LAN, from its construction on. */
export interface Advertiser {
  /** Sends an advertisement with the present content now, and that content from then on. */
  announce(): void;
  /** Called when the members of the LAN or their links have changed. */
  moved(): void;
  /** Sends a final advertisement with lifetime 0 (RFC 4861, section 6.2.5), and ends. */
  retire(): Promise<void>;
  /** Ends without a final advertisement. */
  close(): Promise<void>;
}

/** All nodes on the link (RFC 4291, section 2.7.1). */
const ALL_NODES = ipBytes("ff02::1");

/** Sends one final advertisement of a router, with lifetime 0. */
export function sendFinalAdvertisement({ owner, gatewayLink }: Segment, about: Advertised): void {
  if (!gatewayLink || owner.removed) return;
  const socket = owner.runtime.namespace.enter(() => new NdpSocket());
  try {
    const message = writeAdvertisement(advertisementOf(about, true));
    socket.send(message, ALL_NODES, gatewayLink.index);
  } finally {
    socket.close();
  }
}

/** MAX_INITIAL_RTR_ADVERTISEMENTS and MAX_INITIAL_RTR_ADVERT_INTERVAL of RFC 4861, section 10. */
const INITIAL_COUNT = 3;
const INITIAL_SECS = 16;

/**
 * The built-in advertiser. It answers a solicitation immediately and by unicast; RFC 4861 delays the
 * answer by up to half a second, since there may be several routers. It also sends to all nodes at
 * each interval. It runs on the main thread.
 */
export class BuiltinAdvertiser implements Advertiser {
  #segment: Segment;
  #about: () => Advertised;
  #socket: NdpSocket;
  #unwatch: () => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unasked = 0;
  #closed = false;

  constructor(segment: Segment, about: () => Advertised) {
    this.#segment = segment;
    this.#about = about;
    this.#socket = segment.owner.runtime.namespace.enter(() => new NdpSocket());
    this.#unwatch = watch(this.#socket.fd, () => this.#answer());
    this.#schedule();
  }

  announce(): void {
    this.#send(ALL_NODES);
    this.#schedule();
  }

  moved(): void {
    // The link is looked up for each message.
  }

  async retire(): Promise<void> {
    this.#send(ALL_NODES, true);
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const unwatched = this.#unwatch();
    this.#socket.close();
    await unwatched;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const { intervalSecs } = this.#about().settings;
    const secs = this.#unasked < INITIAL_COUNT
      ? Math.min(INITIAL_SECS, intervalSecs)
      : intervalSecs;
    this.#timer = setTimeout(() => {
      this.#unasked++;
      this.announce();
    }, 1000 * secs);
    // The timer does not keep the process alive.
    Deno.unrefTimer(this.#timer);
  }

  #answer(): void {
    for (let received; !this.#closed && (received = this.#socket.receive());) {
      const { bytes, from, index, hopLimit } = received;
      // Ignores messages from the uplink.
      if (index !== this.#segment.gatewayLink?.index || hopLimit !== HOP_LIMIT) continue;
      const read = readNdp(bytes);
      if (read?.kind !== "solicitation") continue;
      const isNameless = from.every((byte) => byte === 0);
      // RFC 4861, section 6.1.1: without a source address, the link-layer address option is invalid.
      if (isNameless && read.message.mac) continue;
      this.#send(isNameless ? ALL_NODES : from);
    }
  }

  #send(to: Uint8Array, last = false): void {
    const { gatewayLink } = this.#segment;
    if (!gatewayLink || this.#closed) return;
    // A device that misses it solicits again, or hears the next one.
    this.#socket.send(
      writeAdvertisement(advertisementOf(this.#about(), last)),
      to,
      gatewayLink.index,
    );
  }
}
