import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import {
  Conversations,
  decodeFrame,
  type PacketNode,
  PROTOCOLS,
  summariseBytes,
} from "../../lib/packets/mod.ts";
import { FRAMES, framesText } from "./frames.ts";
import { hex, ipv4, ipv6, random, udp } from "./kit.ts";

Deno.test("frames of all protocols are exactly golden/frames.txt", async () => {
  const file = new URL("golden/frames.txt", import.meta.url);
  if (Deno.env.get("NETYARD_UPDATE")) await Deno.writeTextFile(file, framesText());
  assertEquals(framesText(), await Deno.readTextFile(file), "NETYARD_UPDATE=1 writes it anew");
});

Deno.test("every protocol that filters know is among the frames", () => {
  const found = new Set(
    FRAMES.flatMap(([, digits, linkType = 1]) => summariseBytes(hex(digits), linkType).protocols),
  );
  assertEquals(PROTOCOLS.filter((name) => !found.has(name)), []);
});

/** Control characters, and what turns the direction of writing. */
const UNSAFE = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

/** Fails where offsets leave the frame or their parent; collects all texts. */
function check(
  nodes: readonly PacketNode[],
  start: number,
  end: number,
  texts: string[],
  depth = 0,
): void {
  if (depth > 60) throw new Error("too deep");
  for (const node of nodes) {
    if (node.start < start || node.start > node.end || node.end > end) {
      throw new Error(`${node.label} is from ${node.start} to ${node.end}, not in ${start}–${end}`);
    }
    texts.push(node.label, node.value ?? "");
    if (node.children) check(node.children, node.start, node.end, texts, depth + 1);
  }
}

function decodeSafely(bytes: Uint8Array, linkType: number, conversations?: Conversations): void {
  const texts: string[] = [];
  check(decodeFrame(bytes, linkType), 0, bytes.length, texts);
  assertLess(texts.length, 2 * 9000);
  const { info, source, destination } = summariseBytes(
    bytes,
    linkType,
    bytes.length,
    conversations,
  );
  texts.push(info, source, destination);
  if (UNSAFE.test(texts.join(""))) throw new Error(`not printable: ${JSON.stringify(texts)}`);
  assertLess(info.length, 402);
}

Deno.test("frames that are cut off anywhere have offsets within what is left", () => {
  for (const [, digits, linkType = 1] of FRAMES) {
    const bytes = hex(digits);
    for (let length = 0; length <= bytes.length; length++) {
      decodeSafely(bytes.subarray(0, length), linkType);
    }
  }
});

Deno.test("mutated frames have offsets within them, and printable texts", () => {
  const chance = random(11);
  const conversations = new Conversations();
  for (const [, digits, linkType = 1] of FRAMES) {
    const golden = hex(digits);
    for (let round = 0; round < 400; round++) {
      const bytes = golden.slice(0, Math.ceil(golden.length * (chance() < 0.8 ? 1 : chance())));
      const from = chance() < 0.5 ? 0 : Math.min(34, bytes.length - 1);
      for (let i = 0; i < 1 + chance() * 4; i++) {
        const at = from + Math.floor(chance() * (bytes.length - from));
        if (at < bytes.length) bytes[at] = chance() < 0.3 ? 0xff : chance() * 256;
      }
      decodeSafely(bytes, linkType, conversations);
    }
  }
});

Deno.test("noise behind ports of each protocol is decoded without an exception", () => {
  const chance = random(13);
  const ports = [53, 67, 546, 123, 443, 3478, 51820, 5353];
  for (let round = 0; round < 4000; round++) {
    const noise = new Uint8Array(Math.floor(chance() * 200)).map(() =>
      chance() < 0.4 ? 0 : chance() * 256
    );
    const port = ports[round % ports.length];
    decodeSafely(hex(ipv4(17, udp(port, 40000, noise.toHex()))), 1);
    decodeSafely(hex(ipv6(58, noise.toHex())), 1);
    decodeSafely(
      hex(ipv4(6, `${udp(443, 40000, "")} 00000000 5018 0000 0000 0000 ${noise.toHex()}`)),
      1,
    );
    for (const linkType of [1, 101, 113, 276]) decodeSafely(noise, linkType);
  }
});

/** The most hostile frames of 64 KiB: many records, options, names and quotes. */
const LARGE: readonly [string, string][] = [
  // Each record's name is a pointer to the longest chain of pointers.
  [
    "DNS",
    ipv4(
      17,
      udp(
        53,
        40000,
        `0001 8180 0000 ffff 0000 0000 00 ${
          Array.from(
            { length: 100 },
            (_, i) =>
              `0161c0${(11 + 4 * i + (i === 0 ? 1 : -2)).toString(16).padStart(4, "0").slice(-2)}`,
          )
            .join("")
        }${"c0ff 0002 0001 00000000 0002 c0ff".repeat(3900)}`,
      ),
    ),
  ],
  [
    "DHCP",
    ipv4(17, udp(68, 67, `0101 0600 ${"00".repeat(232)} 63825363 ${"0c0161".repeat(20000)}`)),
  ],
  ["DHCPv6", ipv6(17, udp(546, 547, `01abcdef ${"00060002 0017".repeat(9000)}`))],
  ["MLD", ipv6(58, `8f00 0000 0000 ffff ${"04000000".repeat(16000)}`)],
  ["ND", ipv6(58, `8700 0000 00000000 ${"00".repeat(16)} ${"0101020000000001".repeat(8000)}`)],
  ["options of IPv6", ipv6(60, `11ff ${"00".repeat(60000)}`)],
  ["headers of IPv6", ipv6(60, "3c00010400000000".repeat(8000))],
  [
    "STUN",
    ipv4(17, udp(1, 2, `0101 f000 2112a442 ${"00".repeat(12)} ${"80220000".repeat(15000)}`)),
  ],
  ["TLS", ipv4(6, `${udp(443, 1, "")} 00000000 5018 0000 0000 0000 ${"1703030000".repeat(12000)}`)],
  [
    "hello",
    ipv4(
      6,
      `${udp(443, 1, "")} 00000000 5018 0000 0000 0000 1603034000 01003ffc 0303 ` +
        `${"00".repeat(32)} 00 0002 1301 0100 3f00 ${"00170000".repeat(4000)}`,
    ),
  ],
  [
    "HTTP",
    ipv4(
      6,
      `${udp(80, 1, "")} 00000000 5018 0000 0000 0000 ${"474554202f0d0a"}${
        "613a0d0a".repeat(15000)
      }`,
    ),
  ],
  ["QUIC", ipv4(17, udp(1, 443, "c0000000010000004000".repeat(6000)))],
  [
    "quotes",
    ipv4(
      1,
      Array.from(
        { length: 1200 },
        () => "0303000000000000 4500ffff 0000 0000 4001 0000 0a000001 0a000002",
      ).join(""),
    ),
  ],
];

Deno.test("the most hostile frames take bounded time and have a bounded number of nodes", () => {
  for (const [what, digits] of LARGE) {
    const text = digits.replaceAll(/\s/g, "");
    const bytes = hex(text.slice(0, 2 * 65_549));
    const startedAt = performance.now();
    decodeSafely(bytes, 1);
    // A frame takes some ms; what is not bounded takes seconds.
    assertLess(performance.now() - startedAt, 2000, what);
  }
});

Deno.test("a name in a DNS message ends where it is no name", () => {
  const query = (name: string) => {
    const frame = ipv4(17, udp(40000, 53, `0001 0100 0001 0000 0000 0000 ${name} 0001 0001`));
    return summariseBytes(hex(frame), 1).info;
  };
  assertEquals(query("0361626300"), "Standard query 0x0001 A abc");
  assertEquals(query("03612e6200"), "Standard query 0x0001 A a\\.b");
  assertEquals(query("031b5b6d00"), "Standard query 0x0001 A .[m");
  assertEquals(query("00"), "Standard query 0x0001 A .");
  assertStringIncludes(query("c00c"), "Standard query 0x0001 A ?");
  assertStringIncludes(query("c0ff"), "Standard query 0x0001 A ?");
});

Deno.test("numbers of TCP are raw without what was seen before, and relative with it", () => {
  const [, syn] = FRAMES.find(([name]) => name === "a SYN")!;
  const [, data] = FRAMES.find(([name]) => name === "data of the connection")!;
  assertStringIncludes(summariseBytes(hex(data), 1).info, "[PSH, ACK] Seq=1 Ack=1 Win=502 Len=4");
  const conversations = new Conversations();
  summariseBytes(hex(syn), 1, 74, conversations);
  const info = summariseBytes(hex(data), 1, 58, conversations).info;
  assertStringIncludes(info, "[PSH, ACK] Seq=1 Ack=1 Win=64256 Len=4");
});
