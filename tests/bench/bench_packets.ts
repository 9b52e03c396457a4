import {
  Conversations,
  decodeFrame,
  filter,
  type Frame,
  type FrameOptions,
  type PacketSummary,
  readCapture,
  summarise,
  traceJourneys,
  writePcapng,
} from "../../lib/packets/mod.ts";
import { FRAMES } from "../packets/frames.ts";
import { hex } from "../packets/kit.ts";
import { formatTable, median, ms } from "./stats.ts";

const PACKETS = 200_000;
const ROUNDS = 3;

/** As a capture of a busy link has them: mostly segments and datagrams, and some of all else. */
function file(): Uint8Array {
  const all = FRAMES.filter(([, , linkType = 1]) => linkType === 1).map(([name, digits]) => ({
    name,
    data: hex(digits),
  }));
  const segment = all.find(({ name }) => name === "data of the connection")!.data;
  const frames: FrameOptions[] = [];
  for (let i = 0; i < PACKETS; i++) {
    let { data } = all[(i >> 2) % all.length];
    if (i % 4 > 0) {
      data = new Uint8Array(600);
      data.set(segment);
      const view = new DataView(data.buffer);
      view.setUint16(16, 586); // The whole length of IP.
      view.setUint16(34, 1024 + i % 500); // The port: so many connections.
      view.setUint32(38, i);
    }
    frames.push({ interface: 0, seconds: 1_700_000_000, nanos: i * 1000, data });
  }
  return writePcapng({ interfaces: [{ name: "laptop eth0", linkType: 1 }], frames });
}

/** Reads each byte once. */
function pass(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at++) sum = sum + bytes[at] | 0;
  return sum;
}

function timed(run: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    run();
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

/** Prints how long 200,000 packets take, beside a plain pass over the same bytes. */
export function benchPackets(): Promise<void> {
  const bytes = file();
  let frames: readonly Frame[] = [];
  let summaries: PacketSummary[] = [];
  const plain = timed(() => pass(bytes));
  const parts: [string, number][] = [
    ["read the file", timed(() => frames = readCapture(bytes).frames)],
    [
      "summarise",
      timed(() => {
        const conversations = new Conversations();
        summaries = frames.map((frame) => summarise(frame, conversations));
      }),
    ],
    [
      "filter",
      timed(() => {
        const passes = filter('tcp port 1100-1200 or "example" and not net 10.9.0.0/16');
        const place = { node: "laptop", interface: "eth0" };
        return summaries.filter((summary) => passes({ summary, ...place }));
      }),
    ],
    ["decode trees", timed(() => frames.forEach((frame) => decodeFrame(frame.data, 1)))],
    [
      "follow between 2",
      timed(() =>
        traceJourneys([
          { node: "laptop", interface: "eth0", frames: frames.slice(0, PACKETS / 2) },
          { node: "home", interface: "lan", frames: frames.slice(PACKETS / 2) },
        ])
      ),
    ],
  ];
  const rows = [
    [`${PACKETS} packets, ${(bytes.length / 1e6).toFixed(0)} MB`, "ms", "packets/s", "to a pass"],
    ["a plain pass", ms(plain), "", "1.0"],
    ...parts.map(([what, time]) => [
      what,
      ms(time),
      `${Math.round(PACKETS / time)} k`,
      (time / plain).toFixed(1),
    ]),
  ];
  console.log(`${formatTable(rows)}\n`);
  return Promise.resolve();
}
