import { assert, assertEquals, assertThrows } from "@std/assert";
import { CapturedPacket, PcapFormatError, PcapReader } from "@netyard/netyard";
import { tcpdumpArguments, tcpdumpCounts } from "../../lib/node/capture/tcpdump.ts";
import { linkNames } from "../../lib/node/capture/capture_target.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(/\s/g, ""));

/** A pcap file of Ethernet packets, in one of the forms. */
function pcap(packets: Uint8Array[], { little = true, nano = false } = {}): Uint8Array {
  const size = packets.reduce((sum, packet) => sum + 16 + packet.length, 24);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  [nano ? 0xa1b23c4d : 0xa1b2c3d4, 4 << 16 | 2, 0, 0, 262144, 1]
    .forEach((word, i) => view.setUint32(i * 4, word, little));
  let at = 24;
  for (const packet of packets) {
    [1_700_000_000, nano ? 250_500_000 : 250_500, packet.length, packet.length + 5]
      .forEach((word, i) => view.setUint32(at + i * 4, word, little));
    bytes.set(packet, at + 16);
    at += 16 + packet.length;
  }
  return bytes;
}

/** Repeatable chance. */
function random(seed: number): () => number {
  return () => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) / 0x80000000;
}

const MACS = "020000000002 020000000001";
const UDP = `${MACS} 0800 4500001f 00010000 4011 0000 0a000001 0a000002 3039 0035 000b 0000 616263`;

Deno.test("both byte orders, and micro- and nanoseconds, are read alike", () => {
  for (const little of [true, false]) {
    for (const nano of [true, false]) {
      const [packet] = new PcapReader().feed(pcap([hex(UDP)], { little, nano }));
      assertEquals(packet.timestampMs, 1_700_000_000_250.5);
      assertEquals([packet.length, packet.linkType], [hex(UDP).length + 5, 1]);
      assertEquals(packet.bytes, hex(UDP));
    }
  }
});

Deno.test("a stream may be split anywhere", () => {
  const file = pcap([hex(UDP), new Uint8Array(0), hex(UDP).subarray(0, 20)]);
  const whole = new PcapReader().feed(file).map(({ bytes }) => bytes);
  const chance = random(7);
  for (let round = 0; round < 200; round++) {
    const reader = new PcapReader();
    const found: CapturedPacket[] = [];
    for (let at = 0; at < file.length;) {
      const end = at + Math.floor(chance() * 40);
      found.push(...reader.feed(file.subarray(at, end)));
      assert(reader.end <= end);
      at = end;
    }
    assertEquals(found.map(({ bytes }) => bytes), whole);
    assertEquals(reader.end, file.length);
  }
});

Deno.test("what is no pcap stream is refused", () => {
  const feed = (bytes: Uint8Array) => () => new PcapReader().feed(bytes);
  const zeros = new Uint8Array(24);
  assertThrows(feed(zeros), PcapFormatError, "begins with 00000000, which is no magic number");
  const ng = new Uint8Array(24);
  ng.set(hex("0a0d0d0a"));
  assertThrows(feed(ng), PcapFormatError, "it is pcapng");
  const damaged = pcap([hex(UDP)]);
  damaged.fill(0xff, 32, 36);
  assertThrows(
    feed(damaged),
    PcapFormatError,
    "byte 24 of the pcap stream begins a packet of 4294",
  );
  assertEquals(new PcapReader().feed(new Uint8Array(23)), []);
});

/** What the headers of a packet say. */
type Fields = Partial<Omit<CapturedPacket, "timestampMs" | "length" | "bytes" | "linkType">>;

function readPacket(bytes: Uint8Array, linkType: number): Fields {
  const packet = new CapturedPacket(0, bytes.length, bytes, linkType);
  const { sourceMac, destinationMac, etherType, sourceIp, destinationIp } = packet;
  const { protocol, sourcePort, destinationPort, payload } = packet;
  const addresses = { sourceMac, destinationMac, etherType, sourceIp, destinationIp };
  return { ...addresses, protocol, sourcePort, destinationPort, payload };
}

const SEEN: Fields = {
  sourceMac: "02:00:00:00:00:01",
  destinationMac: "02:00:00:00:00:02",
  etherType: 0x0800,
  sourceIp: "10.0.0.1",
  destinationIp: "10.0.0.2",
};
const ABC = hex("616263");
const V6 = "fd000000000000000000000000000001 fd000000000000000000000000000002";
const SEEN6 = { ...SEEN, etherType: 0x86dd, sourceIp: "fd00::1", destinationIp: "fd00::2" };
const DNS = { sourcePort: 12345, destinationPort: 53, payload: ABC };
const UDP_ABC = "3039 0035 000b 0000 616263";
const TCP_ABC = "3039 0035 00000000 00000000 6002 0000 0000 0000 02040000 616263";
const IPV4 = "4011 0000 0a000001 0a000002";

/** What is in a packet, by its bytes. */
const GOLDEN: [what: string, bytes: string, fields: Fields, linkType?: number][] = [
  ["UDP", UDP, { ...SEEN, protocol: "udp", ...DNS }],
  ["UDP with Ethernet's padding", `${UDP} 000000000000`, { ...SEEN, protocol: "udp", ...DNS }],
  ["TCP with options", `${MACS} 0800 4500002f 00010000 4006 0000 0a000001 0a000002 ${TCP_ABC}`, {
    ...SEEN,
    protocol: "tcp",
    ...DNS,
  }],
  [
    "IPv4 with options",
    `${MACS} 0800 46000023 00010000 ${IPV4} 94040000 ${UDP_ABC}`,
    { ...SEEN, protocol: "udp", ...DNS },
  ],
  [
    "two VLAN tags",
    UDP.replace("0800", "88a80005 81000007 0800"),
    { ...SEEN, protocol: "udp", ...DNS },
  ],
  ["a first fragment", `${MACS} 0800 4500001f 00012000 ${IPV4} ${UDP_ABC}`, {
    ...SEEN,
    protocol: "udp",
    ...DNS,
  }],
  ["a later fragment", `${MACS} 0800 4500001f 00010001 ${IPV4} ${UDP_ABC}`, {
    ...SEEN,
    protocol: "udp",
    payload: hex(UDP_ABC),
  }],
  ["ICMP", `${MACS} 0800 4500001c 00010000 4001 0000 0a000001 0a000002 0800 0000 0001 0001`, {
    ...SEEN,
    protocol: "icmp",
    payload: hex("0800 0000 0001 0001"),
  }],
  ["GRE", `${MACS} 0800 45000018 00010000 402f 0000 0a000001 0a000002 00000800`, {
    ...SEEN,
    protocol: 47,
    payload: hex("00000800"),
  }],
  ["ARP", `${MACS} 0806 0001 0800 0604 0001 020000000001 0a000001 000000000000 0a000002`, {
    ...SEEN,
    etherType: 0x0806,
    protocol: "arp",
  }],
  ["UDP over IPv6", `${MACS} 86dd 60000000 000b 1140 ${V6} ${UDP_ABC}`, {
    ...SEEN6,
    protocol: "udp",
    ...DNS,
  }],
  [
    "IPv6 with hop-by-hop and destination options",
    `${MACS} 86dd 60000000 001b 0040 ${V6} 3c00000000000000 1100000000000000 ${UDP_ABC}`,
    { ...SEEN6, protocol: "udp", ...DNS },
  ],
  [
    "IPv6 with an authentication header",
    `${MACS} 86dd 60000000 001b 3340 ${V6} 11020000 00000000 00000000 00000000 ${UDP_ABC}`,
    { ...SEEN6, protocol: "udp", ...DNS },
  ],
  [
    "a first fragment of IPv6",
    `${MACS} 86dd 60000000 0013 2c40 ${V6} 1100000100000001 ${UDP_ABC}`,
    { ...SEEN6, protocol: "udp", ...DNS },
  ],
  [
    "a later fragment of IPv6",
    `${MACS} 86dd 60000000 0013 2c40 ${V6} 1100000800000001 ${UDP_ABC}`,
    { ...SEEN6, protocol: "udp", payload: hex(UDP_ABC) },
  ],
  ["ICMPv6", `${MACS} 86dd 60000000 0004 3aff ${V6} 80000000`, {
    ...SEEN6,
    protocol: "icmp6",
    payload: hex("80000000"),
  }],
  ["an unknown EtherType", `${MACS} 88cc 0207`, {
    sourceMac: SEEN.sourceMac,
    destinationMac: SEEN.destinationMac,
    etherType: 0x88cc,
  }],
  [
    "Linux SLL",
    `0000 0001 0006 020000000001 0000 ${UDP.slice(MACS.length)}`,
    { ...SEEN, destinationMac: undefined, protocol: "udp", ...DNS },
    113,
  ],
  [
    "Linux SLL2",
    `0800 0000 00000002 0001 00 06 020000000001 0000 ${UDP.slice(MACS.length + 5)}`,
    { ...SEEN, destinationMac: undefined, protocol: "udp", ...DNS },
    276,
  ],
  [
    "raw IP",
    UDP.slice(MACS.length + 5),
    { ...SEEN, sourceMac: undefined, destinationMac: undefined, protocol: "udp", ...DNS },
    101,
  ],
  ["nothing", "", {}],
  ["an unknown link type", UDP, {}, 147],
];

/** Without what is undefined. */
const told = (fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

for (const [what, bytes, fields, linkType = 1] of GOLDEN) {
  Deno.test(`the headers of a packet are read: ${what}`, () => {
    assertEquals(told(readPacket(hex(bytes), linkType)), told(fields));
  });
}

Deno.test("a packet that is cut off or damaged says less, and never throws", () => {
  const chance = random(3);
  for (const [, golden, fields, linkType = 1] of GOLDEN) {
    const bytes = hex(golden);
    for (let length = 0; length < bytes.length; length++) {
      const cut = readPacket(bytes.subarray(0, length), linkType);
      const { payload: _, ...rest } = told(cut);
      for (const [key, value] of Object.entries(rest)) {
        assertEquals(value, fields[key as keyof Fields], `${key} of ${golden} cut to ${length}`);
      }
    }
    for (let round = 0; round < 300; round++) {
      const damaged = bytes.slice();
      for (let i = 0; i < 3; i++) damaged[Math.floor(chance() * bytes.length)] = chance() * 256;
      readPacket(damaged, linkType);
    }
  }
  for (let round = 0; round < 5000; round++) {
    const noise = new Uint8Array(Math.floor(chance() * 120)).map(() => chance() * 256);
    for (const linkType of [1, 101, 113, 276]) readPacket(noise, linkType);
  }
});

Deno.test("random bytes after a pcap header end in packets, a wait or a PcapFormatError", () => {
  const chance = random(11);
  for (let round = 0; round < 500; round++) {
    const noise = new Uint8Array(200).map(() => chance() < 0.7 ? 0 : chance() * 256);
    const file = new Uint8Array([...pcap([]), ...noise]);
    try {
      for (const packet of new PcapReader().feed(file)) assert(String(packet).length > 0);
    } catch (error) {
      assert(error instanceof PcapFormatError, String(error));
    }
  }
});

Deno.test("a packet is one line of text", () => {
  const [udp] = new PcapReader().feed(pcap([hex(UDP)]));
  assertEquals(String(udp), "22:13:20.250 10.0.0.1:12345 > 10.0.0.2:53 udp, 50 bytes");
  const lines = GOLDEN.filter(([what]) => /IPv6$|^GRE|^ARP|^an unknown|^nothing/.test(what))
    .map(([, bytes]) => String(new PcapReader().feed(pcap([hex(bytes)]))[0]).slice(13));
  assertEquals(lines, [
    "10.0.0.1 > 10.0.0.2 IP protocol 47, 43 bytes",
    "10.0.0.1 > 10.0.0.2 arp, 47 bytes",
    "[fd00::1]:12345 > [fd00::2]:53 udp, 70 bytes",
    "[fd00::1]:12345 > [fd00::2]:53 udp, 78 bytes",
    "fd00::1 > fd00::2 udp, 78 bytes",
    "02:00:00:00:00:01 > 02:00:00:00:00:02 EtherType 0x88cc, 21 bytes",
    "? > ? unknown, 5 bytes",
    "10.0.0.1:12345 > 10.0.0.2:53 udp, 50 bytes",
  ]);
});

Deno.test("tcpdump is called with a buffer for as many packets as were asked for", () => {
  assertEquals(
    tcpdumpArguments({
      interface: "eth0",
      snapLength: 96,
      bufferPackets: 1000,
      direction: "in",
      filter: "-v or udp",
    }).join(" "),
    "-i eth0 -w - -U --immediate-mode -Z root -s 96 -B 235 -Q in -- -v or udp",
  );
  assertEquals(
    tcpdumpArguments({ interface: "any", snapLength: 65400, bufferPackets: 2048 }).join(" "),
    "-i any -w - -U --immediate-mode -Z root -s 65400 -B 131072",
  );
});

Deno.test("tcpdump's counts are read as it says them on request and at its end", () => {
  assertEquals(
    tcpdumpCounts(
      "tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 96 bytes\n" +
        "tcpdump: 1 packet captured, 3 packets received by filter, 0 packets dropped by kernel\n" +
        "12 packets captured\n15 packets received by filter\n1 packet dropped by kernel\n",
    ),
    [{ captured: 1, received: 3, dropped: 0 }, { captured: 12, received: 15, dropped: 1 }],
  );
});

Deno.test("the links of a node are those of its /proc/net/dev", () => {
  const text = "Inter-|   Receive\n face |bytes\n    lo:  0 0\n  eth0: 12 0\nwlan0:1 2\n";
  assertEquals(linkNames(text), ["lo", "eth0", "wlan0"]);
});
