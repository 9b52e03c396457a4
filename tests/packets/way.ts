import { ipBytes } from "../../lib/address/mod.ts";
import { Frame, type Journey, type TraceCapture } from "../../lib/packets/mod.ts";
import { ascii, hex, udp } from "./kit.ts";

/** A packet at one place of its way. */
export interface Step {
  /** `node/interface direction`. */
  at: string;
  /** Milliseconds since the start. */
  ms: number;
  from: string;
  to: string;
  ttl: number;
  /** What IP carries, as digits. Default: a datagram from 40000 to 5000 with a text. */
  payload?: string;
  protocol?: number;
  id?: number;
}

const ON = { index: 0, linkType: 101, snapLength: 0, name: undefined, description: undefined };

/** An IP packet. */
export function packet({ from, to, ttl, id = 0, protocol = 17, payload }: Step): Uint8Array {
  const body = hex(payload ?? udp(40000, 5000, ascii("hello")));
  const is4 = !from.includes(":");
  const bytes = new Uint8Array((is4 ? 20 : 40) + body.length);
  const view = new DataView(bytes.buffer);
  if (is4) {
    bytes.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, ttl, protocol]);
    view.setUint16(2, bytes.length);
    view.setUint16(4, id);
    bytes.set(ipBytes(from), 12);
    bytes.set(ipBytes(to), 16);
  } else {
    view.setUint32(0, 0x60000000);
    view.setUint16(4, body.length);
    bytes.set([protocol, ttl], 6);
    bytes.set(ipBytes(from), 8);
    bytes.set(ipBytes(to), 24);
  }
  bytes.set(body, is4 ? 20 : 40);
  return bytes;
}

/** Captures that saw these steps, and perhaps nothing. */
export function captures(steps: readonly Step[], silent: readonly string[] = []): TraceCapture[] {
  const frames = new Map<string, Frame[]>(silent.map((place) => [place, []]));
  for (const step of steps) {
    const [place, direction] = step.at.split(" ");
    const data = packet(step);
    const seconds = Math.floor(step.ms / 1000);
    const nanos = Math.round((step.ms - 1000 * seconds) * 1e6);
    const way = direction as "in" | "out" | undefined;
    const frame = new Frame(ON, seconds, nanos, data.length, data, way);
    frames.set(place, [...frames.get(place) ?? [], frame]);
  }
  return [...frames].map(([place, frames]) => {
    const [node, on] = place.split("/");
    return { node, interface: on, frames };
  });
}

/** Journeys as lines: places, changes, and the fate. */
export function told(journeys: readonly Journey[]): string[][] {
  return journeys.map(({ hops, lost }) => [
    ...hops.map(({ node, interface: on, direction, changes }) =>
      [`${node}/${on} ${direction}`, ...changes.map(({ text }) => text)].join("; ")
    ),
    `lost: ${lost}`,
  ]);
}
