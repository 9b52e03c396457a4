import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  formatIp,
  InvalidAddressError,
  IpAddress,
  ipBytes,
  ipFromBytes,
  isIpv4,
  isIpv6,
  parseIp,
} from "../../lib/address/mod.ts";
import { pick, randomBytes, seeded } from "./random.ts";

Deno.test("an IPv4 address is read into its number and written back", () => {
  const cases: [string, bigint][] = [
    ["0.0.0.0", 0n],
    ["10.0.0.1", 0x0a000001n],
    ["198.18.255.9", 0xc612ff09n],
    ["255.255.255.255", 0xffffffffn],
  ];
  for (const [text, value] of cases) {
    const address = parseIp(text);
    assertEquals([address.family, address.value, String(address)], [4, value, text]);
    assertEquals(formatIp({ family: 4, value }), text);
  }
});

Deno.test("every form of an IPv6 address is read, and written in the form of RFC 5952", () => {
  const cases: [string, string][] = [
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["2001:DB8::0:1", "2001:db8::1"],
    ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"], // 4.2.2: one group is not elided
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"], // 4.2.3: the longest run
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"], // 4.2.3: the first of equal runs
    ["0:0:1:0:0:0:0:0", "0:0:1::"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
    ["64:ff9b::198.51.100.1", "64:ff9b::c633:6401"],
    ["::ffff:198.51.100.1", "::ffff:198.51.100.1"],
    ["::FFFF:c633:6401", "::ffff:198.51.100.1"],
    ["::ffff:0:1.2.3.4", "::ffff:0:102:304"],
    ["::1.2.3.4", "::102:304"],
    ["fe80::4e:59ff:fe00:1", "fe80::4e:59ff:fe00:1"],
    ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ];
  for (const [text, canonical] of cases) {
    assertEquals(String(parseIp(text)), canonical, text);
    assertEquals(String(parseIp(canonical)), canonical, canonical);
  }
});

const REFUSED: [text: string, reason: string][] = [
  ["", "it is empty"],
  [" 10.0.0.1", "spaces around it"],
  ["10.0.0.1\n", "spaces around it"],
  ["1.2.3", "IPv4 has 4 octets, not 3"],
  ["1.2.3.4.5", "IPv4 has 4 octets, not 5"],
  ["10", "IPv4 has 4 octets, not 1"],
  ["1.2.3.", "an octet is empty"],
  [".1.2.3", "an octet is empty"],
  ["1..2.3", "an octet is empty"],
  ["10.0.0.01", "octet 01 has a leading zero; write 1"],
  ["00.0.0.0", "octet 00 has a leading zero; write 0"],
  ["10.0.0.256", "octet 256 is over 255"],
  ["10.0.0.99999999999999999999", "is over 255"],
  ["10.0.0.1/24", "it has a prefix length"],
  ["10.0.0.-1", "write it like"],
  ["1e1.0.0.1", "write it like"],
  ["0x0a.0.0.1", "write it like"],
  ["router", "write it like"],
  ["١.٢.٣.٤", "write it like"],
  [":", "IPv6 has 8 groups, not 0"],
  [":::", 'more than one "::"'],
  ["1::2::3", 'more than one "::"'],
  ["1:2:3:4:5:6:7", "IPv6 has 8 groups, not 7"],
  ["1:2:3:4:5:6:7:8:9", "IPv6 has 8 groups, not 9"],
  ["1:2:3:4::5:6:7:8", '"::" stands for at least one of the 8 groups, and 8 are given'],
  ["::1:2:3:4:5:6:7:8", "8 are given"],
  ["1:2:3:4:5:6:7:", "IPv6 has 8 groups, not 7"],
  ["1:2:3:4:5:6:7:8:", "starts or ends with a single colon"],
  [":1:2:3:4:5:6:7:8", "starts or ends with a single colon"],
  [":1::2", "starts or ends with a single colon"],
  ["1::2:", "starts or ends with a single colon"],
  ["12345::", "group 12345 has more than 4 digits"],
  ["g::1", "group g is not hexadecimal"],
  ["fe80::1%eth0", "it has a zone"],
  ["fd00::/8", "it has a prefix length"],
  ["::1.2.3", "IPv4 has 4 octets, not 3"],
  ["::1.2.3.04", "octet 04 has a leading zero"],
  ["::1.2.3.4:5", "dotted octets can only be at the end"],
  ["1:2:3:4:5:6:7:1.2.3.4", "IPv6 has 8 groups, not 9"],
  ["1.2.3.4::", "dotted octets can only be at the end"],
];

for (const [text, reason] of REFUSED) {
  Deno.test(`${JSON.stringify(text)} is refused, and the message says why`, () => {
    for (const read of [parseIp, ipBytes]) {
      const { message } = assertThrows(() => read(text), InvalidAddressError, reason);
      assert(message.startsWith(`${JSON.stringify(text)} is not an IP address: `), message);
    }
    assertEquals([isIpv4(text), isIpv6(text)], [false, false]);
  });
}

Deno.test("isIpv4 and isIpv6 tell the families apart", () => {
  assertEquals([isIpv4("10.0.0.1"), isIpv6("10.0.0.1")], [true, false]);
  assertEquals([isIpv4("::10.0.0.1"), isIpv6("::10.0.0.1")], [false, true]);
});

Deno.test("ipBytes is in network order", () => {
  assertEquals(ipBytes("1.2.3.4"), new Uint8Array([1, 2, 3, 4]));
  assertEquals(
    ipBytes("2001:db8::ff:1.2.3.4"),
    new Uint8Array([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0xff, 1, 2, 3, 4]),
  );
});

Deno.test("a number or byte count that fits neither family is refused", () => {
  assertThrows(() => formatIp({ family: 4, value: 1n << 32n }), InvalidAddressError, "2^32");
  assertThrows(() => new IpAddress(6, 1n << 128n), InvalidAddressError, "2^128");
  assertThrows(() => new IpAddress(4, -1n), InvalidAddressError, "-1 is not an IPv4 address");
  assertThrows(() => ipFromBytes(new Uint8Array(5)), InvalidAddressError, "5 bytes");
});

Deno.test("any address survives the conversion from bytes to text to number and back", () => {
  const random = seeded(1);
  for (let i = 0; i < 5000; i++) {
    const bytes = randomBytes(random, i % 2 ? 4 : 16);
    const text = ipFromBytes(bytes);
    const address = parseIp(text);
    assertEquals(ipBytes(text), bytes, text);
    assertEquals(address.family, i % 2 ? 4 : 6);
    assertEquals(address.value, bytes.reduce((sum, byte) => sum << 8n | BigInt(byte), 0n));
    assertEquals(String(address), text);
  }
});

Deno.test("any IPv6 address is written as the URL standard writes it", () => {
  // An implementation that is not ours; it differs from RFC 5952 5 for IPv4-mapped addresses only.
  const random = seeded(2);
  for (let i = 0; i < 3000; i++) {
    const text = ipFromBytes(randomBytes(random, 16));
    if (!text.includes(".")) assertEquals(new URL(`http://[${text}]/`).hostname, `[${text}]`);
  }
});

Deno.test("mangled texts are accepted or refused, and read, as by the URL standard", () => {
  const random = seeded(3);
  const alphabet = "0123456789abcdefF:::::...";
  let accepted = 0;
  for (let i = 0; i < 20_000; i++) {
    const text = ipFromBytes(randomBytes(random, 16)).split("");
    for (let edits = pick(random, 3); edits > 0; edits--) {
      const letter = alphabet[pick(random, alphabet.length)];
      text.splice(pick(random, text.length + 1), pick(random, 2), letter);
    }
    const mangled = text.join("");
    const theirs = URL.parse(`http://[${mangled}]/`)?.hostname;
    assertEquals(isIpv6(mangled), theirs !== undefined, mangled);
    if (theirs === undefined) continue;
    accepted++;
    assertEquals(URL.parse(`http://[${parseIp(mangled)}]/`)?.hostname, theirs, mangled);
  }
  assert(accepted > 5000 && accepted < 19_000, `accepted ${accepted}`);
});
