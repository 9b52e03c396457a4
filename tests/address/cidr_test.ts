import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import {
  AddressOutsideError,
  Cidr,
  formatIp,
  InvalidAddressError,
  InvalidCidrError,
  IP_BITS,
  ipFromBytes,
  parseCidr,
  parseIp,
  toCidr,
} from "../../lib/address/mod.ts";
import { pick, randomBytes, seeded } from "./random.ts";

Deno.test("a block knows its network, its ends and its size", () => {
  const lan = parseCidr("10.0.1.0/24");
  assertEquals(lan.family, 4);
  assertEquals(lan.network, "10.0.1.0");
  assertEquals(lan.prefix, 24);
  assertEquals([lan.first, lan.last, lan.size], [0x0a000100n, 0x0a0001ffn, 256n]);
  assertEquals(String(lan), "10.0.1.0/24");
  const v6 = parseCidr("2001:DB8:1:0::/64");
  assertEquals([v6.family, v6.size, String(v6)], [6, 1n << 64n, "2001:db8:1::/64"]);
});

Deno.test("a block may be everything or one address", () => {
  assertEquals(parseCidr("0.0.0.0/0").size, 1n << 32n);
  assertEquals(parseCidr("::/0").size, 1n << 128n);
  assertEquals(parseCidr("10.0.0.9/32").host(0), "10.0.0.9");
  assertEquals(parseCidr("fd00::9/128").last, parseIp("fd00::9").value);
});

const REFUSED: [text: string, reason: string][] = [
  ["10.0.0.5/24", "10.0.0.5/24 has host bits set: the network is 10.0.0.0/24"],
  ["10.0.0.1/0", "the network is 0.0.0.0/0"],
  ["fd10:0:5::1/64", "the network is fd10:0:5::/64"],
  ["10.0.0.0", 'for this one address write "10.0.0.0/32"'],
  ["fd00::", 'write "fd00::/128"'],
  ["10.0.0.0/33", "a whole number from 0 to 32"],
  ["fd00::/129", "a whole number from 0 to 128"],
  ["10.0.0.0/", 'the prefix length is ""'],
  ["10.0.0.0/08", 'the prefix length is "08"'],
  ["10.0.0.0/-1", 'the prefix length is "-1"'],
  ["10.0.0.0/8/8", 'the prefix length is "8/8"'],
  ["10.0.0.0/255.0.0.0", 'the prefix length is "255.0.0.0"'],
  ["10.0.0/24", "IPv4 has 4 octets, not 3"],
  ["/24", "it is empty"],
  ["", "it is empty"],
];

for (const [text, reason] of REFUSED) {
  Deno.test(`the block ${JSON.stringify(text)} is refused, and the message says why`, () => {
    assertThrows(() => parseCidr(text), InvalidCidrError, reason);
    assertThrows(() => toCidr(text), InvalidCidrError, reason);
  });
}

Deno.test("the constructor refuses blocks that no text can express", () => {
  assertThrows(() => new Cidr(4, 0n, 1.5), InvalidCidrError, "0.0.0.0/1.5");
  assertThrows(() => new Cidr(4, 1n << 32n, 8), InvalidAddressError, "2^32");
});

Deno.test("a block contains its own addresses, and no addresses of neighbouring blocks or of the other family", () => {
  const lan = parseCidr("10.0.1.0/24");
  for (const ip of ["10.0.1.0", "10.0.1.77", "10.0.1.255"]) assert(lan.contains(ip), ip);
  for (const ip of ["10.0.0.255", "10.0.2.0", "::10.0.1.1", "::ffff:10.0.1.1"]) {
    assertFalse(lan.contains(ip), ip);
  }
  assert(lan.contains(parseIp("10.0.1.1")));
  assertThrows(() => lan.contains("10.0.1"), InvalidAddressError);
});

Deno.test("blocks overlap when one contains the other", () => {
  const lan = parseCidr("10.0.1.0/24");
  for (const other of ["10.0.1.0/24", "10.0.1.128/25", "10.0.0.0/8", "0.0.0.0/0"]) {
    assert(lan.overlaps(other), other);
    assert(parseCidr(other).overlaps(lan), other);
  }
  for (const other of ["10.0.0.0/24", "10.0.2.0/23", "::/0"]) {
    assertFalse(lan.overlaps(other), other);
    assertFalse(parseCidr(other).overlaps(lan), other);
  }
});

Deno.test("host counts from the network address and stays in the block", () => {
  const lan = parseCidr("10.0.0.0/24");
  assertEquals([lan.host(0), lan.host(1), lan.host(255n)], ["10.0.0.0", "10.0.0.1", "10.0.0.255"]);
  assertEquals(parseCidr("fd10:0:1::/64").host(1n << 32n), "fd10:0:1::1:0:0");
  for (const n of [256, -1, 1.5, NaN, 256n]) {
    assertThrows(() => lan.host(n), AddressOutsideError, `10.0.0.0/24 has no address number ${n}`);
  }
});

Deno.test("any address of a block, masked with its prefix, gives the block", () => {
  const random = seeded(4);
  for (let i = 0; i < 3000; i++) {
    const address = parseIp(ipFromBytes(randomBytes(random, i % 2 ? 4 : 16)));
    const bits = IP_BITS[address.family];
    const prefix = pick(random, bits + 1);
    const mask = (1n << BigInt(bits)) - (1n << BigInt(bits - prefix));
    const network = formatIp({ family: address.family, value: address.value & mask });
    const cidr = parseCidr(`${network}/${prefix}`);

    assert(cidr.contains(address), `${cidr} ${address}`);
    assertEquals(String(parseCidr(String(cidr))), String(cidr));
    assertEquals(cidr.host(address.value - cidr.first), String(address));
    if (prefix > 0) {
      assertFalse(cidr.contains(formatIp({ ...address, value: address.value ^ lowestBit(mask) })));
    }
    if (address.value !== cidr.first) {
      assertThrows(() => parseCidr(`${address}/${prefix}`), InvalidCidrError, `is ${cidr}`);
    }
  }
});

function lowestBit(mask: bigint): bigint {
  return mask & -mask;
}
