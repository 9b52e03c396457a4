import { assert, assertEquals } from "@std/assert";
import { corrupt, isControl } from "../../lib/emulator/frame.ts";
import { pick, seeded } from "../address/random.ts";

const ETHERNET = 14;
const VNET_HEADER = 10;

/** A frame of a type, with bytes at offsets after the Ethernet header. */
function frame(type: number, at: Record<number, number> = {}, vlan = false): Uint8Array {
  const tag = vlan ? 4 : 0;
  const bytes = new Uint8Array(200);
  const view = new DataView(bytes.buffer);
  if (vlan) view.setUint32(12, 0x8100_0007);
  view.setUint16(12 + tag, type);
  for (const [place, value] of Object.entries(at)) bytes[ETHERNET + tag + Number(place)] = value;
  return bytes;
}

const IPV4 = 0x0800;
const IPV6 = 0x86dd;

Deno.test("control frames are those that hosts send by themselves", () => {
  const cases: [string, boolean, number, Record<number, number>?][] = [
    ["ARP", true, 0x0806],
    ["LLDP", false, 0x88cc],
    ["IGMP", true, IPV4, { 0: 0x46, 9: 2 }],
    ["UDP", false, IPV4, { 0: 0x45, 9: 17 }],
    ["ICMP echo", false, IPV4, { 0: 0x45, 9: 1, 20: 8 }],
    ["TCP over IPv6", false, IPV6, { 6: 6 }],
    ["UDP over IPv6", false, IPV6, { 6: 17, 40: 135 }],
    ["ICMPv6 echo", false, IPV6, { 6: 58, 40: 128 }],
    ["ICMPv6 echo reply", false, IPV6, { 6: 58, 40: 129 }],
    ["router solicitation", true, IPV6, { 6: 58, 40: 133 }],
    ["router advertisement", true, IPV6, { 6: 58, 40: 134 }],
    ["neighbour solicitation", true, IPV6, { 6: 58, 40: 135 }],
    ["neighbour advertisement", true, IPV6, { 6: 58, 40: 136 }],
    ["redirect", true, IPV6, { 6: 58, 40: 137 }],
    ["ICMPv6 too big", false, IPV6, { 6: 58, 40: 2 }],
    ["ICMPv6 144", false, IPV6, { 6: 58, 40: 144 }],
    ["MLD query behind a hop-by-hop header", true, IPV6, { 6: 0, 40: 58, 48: 130 }],
    ["MLDv2 report behind a longer one", true, IPV6, { 6: 0, 40: 58, 41: 1, 56: 143 }],
    ["UDP behind a hop-by-hop header", false, IPV6, { 6: 0, 40: 17, 48: 135 }],
  ];
  for (const [name, expected, type, at] of cases) {
    for (const vlan of [false, true]) {
      const bytes = new Uint8Array(300);
      bytes.set(frame(type, at, vlan), 64);
      assertEquals(isControl(bytes, 64), expected, vlan ? `${name} in a VLAN` : name);
    }
  }
});

Deno.test("a damaged frame differs by one bit, after the Ethernet header", () => {
  const random = seeded(5);
  const places = new Set<number>();
  for (let round = 0; round < 3_000; round++) {
    const length = 15 + pick(random, 4);
    const header = pick(random, 50);
    const start = header + VNET_HEADER;
    const before = Uint8Array.from({ length: 200 }, () => pick(random, 256));
    before.fill(0, header, start);
    const after = before.slice();
    corrupt(after, header, start, length, Math.floor(random() * 2 ** 32));
    const changed = [...after.keys()].filter((at) => after[at] !== before[at]);
    assertEquals(changed.length, 1);
    const [at] = changed;
    const difference = after[at] ^ before[at];
    assertEquals(difference & (difference - 1), 0, "one bit");
    assert(at >= start + ETHERNET && at < start + length);
    places.add((at - start) * 8 + Math.log2(difference));
  }
  assertEquals(places.size, 4 * 8, "every bit is damaged at some time");
});

Deno.test("if the checksum is not computed yet, the damage is in the sum that it starts from", () => {
  // UDP over IPv4: the sum starts at 34, and the checksum is 6 bytes later.
  for (let chance = 0; chance < 1_000; chance += 7) {
    const bytes = new Uint8Array(200);
    const header = new DataView(bytes.buffer);
    header.setUint8(0, 1);
    header.setUint16(6, 34, true);
    header.setUint16(8, 6, true);
    corrupt(bytes, 0, VNET_HEADER, 100, chance);
    const changed = [...bytes.subarray(VNET_HEADER).keys()].filter((at) => bytes[VNET_HEADER + at]);
    assertEquals(changed, [40]);
  }
});

Deno.test("a frame without a payload stays unchanged", () => {
  const bytes = new Uint8Array(64);
  corrupt(bytes, 0, VNET_HEADER, ETHERNET, 12345);
  assertEquals(bytes, new Uint8Array(64));
});
