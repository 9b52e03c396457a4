// Captures that are made by hand, for tests of the packets view.
import { writePcapng } from "../../lib/packets/mod.ts";
import { initialState } from "../../lib/events/reduce.ts";
import type { LabState } from "../../lib/events/states/lab.ts";
import { PacketStore } from "../../lib/devtools/model/packets/packet_store.ts";

/** A UDP datagram in IPv4 and Ethernet. */
export function udp(
  from: string,
  to: string,
  ttl: number,
  text: string,
  protocol = 17,
): Uint8Array<ArrayBuffer> {
  const payload = new TextEncoder().encode(text);
  const bytes = new Uint8Array(42 + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0]);
  view.setUint16(16, 28 + payload.length);
  bytes.set([ttl, protocol], 22);
  for (const [end, at, portAt] of [[from, 26, 34], [to, 30, 36]] as const) {
    const [ip, port] = end.split(":");
    bytes.set(ip.split(".").map(Number), at);
    view.setUint16(portAt, Number(port));
  }
  view.setUint16(38, 8 + payload.length);
  bytes.set(payload, 42);
  return bytes;
}

/** Seconds since 1970 at which captures by hand begin. */
export const START = 1_760_000_000;

/** A packet at an interface: `a eth0 out`, milliseconds after the start. */
export type Seen = readonly [place: string, ms: number, data: Uint8Array];

/** Captures of some packets, by the paths of their files. */
export function capturesOf(seen: readonly Seen[]): Record<string, Uint8Array<ArrayBuffer>> {
  const byName = Map.groupBy(seen, ([place]) => place.split(" ").slice(0, 2).join(" "));
  return Object.fromEntries([...byName].map(([name, packets]) => [
    `captures/${name.replace(" ", "-")}.pcapng`,
    writePcapng({
      interfaces: [{ name, linkType: 1 }],
      frames: packets.map(([place, ms, data]) => ({
        interface: 0,
        seconds: START + Math.floor(ms / 1_000),
        nanos: Math.round((ms % 1_000) * 1e6),
        data,
        direction: place.endsWith("out") ? "out" : "in",
      })),
    }),
  ]));
}

/** A store that has read some packets. */
export function storeOf(seen: readonly Seen[]): PacketStore {
  const store = new PacketStore();
  for (const [path, bytes] of Object.entries(capturesOf(seen))) store.feed(path, bytes);
  store.merge();
  return store;
}

/** A lab with two NAT routers, and a device at each: a, nat-a, nat-b, b. */
export function natLab(condition?: object): LabState {
  const state = initialState();
  for (const [i, side] of ["a", "b"].entries()) {
    const router = `nat-${side}`;
    const at = { mtu: 1500, mac: "02:00:00:00:00:01", up: true };
    state.routers[router] = {
      name: router,
      nat: "home",
      natV6: "none",
      firewall: "none",
      ipSupport: "v4-only",
      upstream: null,
      region: null,
      mtu: 1500,
      uplinkIp: `198.18.0.${i + 3}`,
      downstreamGateway: `10.0.${i + 1}.1`,
      interfaces: [{ name: "ix", ip: `198.18.0.${i + 3}`, prefix: 32, gateway: null, ...at }],
    };
    state.devices[side] = {
      name: side,
      mtu: 1500,
      defaultInterface: "eth0",
      interfaces: [{
        name: "eth0",
        ip: `10.0.${i + 1}.2`,
        prefix: 24,
        gateway: router,
        ...at,
        ...side === "b" && condition ? { condition } : {},
      }],
    };
  }
  return state;
}

const A = ["10.0.1.2:4000", "198.18.0.3:4000"];
const B = ["10.0.2.2:4000", "198.18.0.4:4000"];

/** A datagram from a to b, from a time on, as far as the nth of its six places. */
export function thereOf(ms: number, text: string, places = 6): Seen[] {
  const way: Seen[] = [
    ["a eth0 out", ms, udp(A[0], B[1], 64, text)],
    ["nat-a lan in", ms + 0.01, udp(A[0], B[1], 64, text)],
    ["nat-a ix out", ms + 0.05, udp(A[1], B[1], 63, text)],
    ["nat-b ix in", ms + 10.05, udp(A[1], B[1], 62, text)],
    ["nat-b lan out", ms + 10.1, udp(A[1], B[0], 61, text)],
    ["b eth0 in", ms + 10.11, udp(A[1], B[0], 61, text)],
  ];
  return way.slice(0, places);
}

/** A datagram from b to a that gets no further than b's link. */
export function lostOf(ms: number, text: string): Seen[] {
  return [["b eth0 out", ms, udp(B[0], A[1], 64, text)]];
}
