// Captures of 200,000 packets, written without a lab: what the packets view must bear.
import { writePcapng } from "../../lib/packets/mod.ts";
import { emptyLab } from "./server_kit.ts";
import { udp } from "./packet_kit.ts";

const START = Date.parse("2026-01-02T03:04:05.678Z") / 1_000;

/** The way of a packet: where it is seen, so many microseconds after it left, with these ends and TTL. */
const WAY = [
  ["laptop eth0", "out", 0, "10.0.1.2:5000", 64],
  ["home lan", "in", 8, "10.0.1.2:5000", 64],
  ["home ix", "out", 60, "198.18.0.3:5000", 63],
  ["dc ix", "in", 5_070, "198.18.0.3:5000", 62],
  ["dc lan", "out", 5_090, "198.18.0.3:5000", 61],
  ["server eth0", "in", 5_098, "198.18.0.3:5000", 61],
] as const;

const SERVER = "198.19.1.2:443";

/** Writes a run whose captures have so many packets: segments of TCP and some UDP, through one NAT. */
export async function writeLargeCaptures(directory: string, packets = 200_000): Promise<void> {
  await Deno.mkdir(`${directory}/captures`, { recursive: true });
  await Deno.writeTextFile(`${directory}/events.jsonl`, emptyLab("many packets"));
  const each = Math.ceil(packets / WAY.length);
  for (const [name, direction, delay, source, ttl] of WAY) {
    const frames = Array.from({ length: each }, (_, n) => {
      const micros = n * 100 + delay;
      const isUdp = n % 50 === 0;
      return {
        interface: 0,
        seconds: Math.floor(START + micros / 1e6),
        nanos: Math.round(((START + micros / 1e6) % 1) * 1e9) % 1e9,
        data: isUdp ? udp(source, SERVER, ttl, `datagram ${n}`) : segment(source, ttl, n),
        direction,
      };
    });
    const file = writePcapng({ interfaces: [{ name, linkType: 1 }], frames });
    await Deno.writeFile(`${directory}/captures/${name.replace(" ", "-")}.pcapng`, file);
  }
}

/** A TCP segment: as a datagram, with a TCP header at the begin of what it carries. */
function segment(source: string, ttl: number, n: number): Uint8Array<ArrayBuffer> {
  const bytes = udp(source, SERVER, ttl, "x".repeat(120), 6);
  const view = new DataView(bytes.buffer);
  view.setUint32(38, 1_000 + n * 108);
  view.setUint32(42, 77);
  view.setUint16(46, 0x5018);
  view.setUint16(48, 501);
  view.setUint32(50, 0);
  return bytes;
}
