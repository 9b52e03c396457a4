import { HOP_LIMIT, readNdp, writeAdvertisement } from "../../../native/ndp/codec.ts";
import { NdpSocket } from "../../../native/ndp/socket.ts";
import { watch } from "../../../native/poll/watch.ts";
import { ipBytes } from "../../address/mod.ts";
import { type Advertised, advertisementOf } from "./advertisement.ts";
import type { Segment } from "../model/records.ts";

/** What sends a router's advertisements into its LAN, from when it is made. */
export interface Advertiser {
  /** Says at once what is to be said now, and has it said from then on. */
  announce(): void;
  /** Takes note that who is on the LAN, and by which link, has changed. */
  moved(): void;
  /** Says that the router is none any more (RFC 4861, section 6.2.5), and ends. */
  retire(): Promise<void>;
  /** Ends without a word. */
  close(): Promise<void>;
}

/** All nodes on the link (RFC 4291, section 2.7.1). */
const ALL_NODES = ipBytes("ff02::1");

/** Says once that a router is none any more. */
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
 * Netyard's own: it answers a solicitation at once, to who sent it, where RFC 4861 has routers wait for
 * up to half a second, for there may be several; and without one it says what it says each time the
 * interval is over, to all. It lives on the main thread, between what else that does.
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
    // Where to send is looked up each time.
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
    // It keeps no process alive.
    Deno.unrefTimer(this.#timer);
  }

  #answer(): void {
    for (let received; !this.#closed && (received = this.#socket.receive());) {
      const { bytes, from, index, hopLimit } = received;
      // What comes by the uplink is none of this LAN's.
      if (index !== this.#segment.gatewayLink?.index || hopLimit !== HOP_LIMIT) continue;
      const read = readNdp(bytes);
      if (read?.kind !== "solicitation") continue;
      const isNameless = from.every((byte) => byte === 0);
      // RFC 4861, section 6.1.1: who has no address cannot say whose link-layer address it is.
      if (isNameless && read.message.mac) continue;
      this.#send(isNameless ? ALL_NODES : from);
    }
  }

  #send(to: Uint8Array, last = false): void {
    const { gatewayLink } = this.#segment;
    if (!gatewayLink || this.#closed) return;
    // Whom it does not reach asks again, or hears the next one.
    this.#socket.send(
      writeAdvertisement(advertisementOf(this.#about(), last)),
      to,
      gatewayLink.index,
    );
  }
}
