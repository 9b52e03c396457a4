import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import {
  InvalidAddressError,
  ipBytes,
  linkLocalFromMac,
  macAddress,
  macBytes,
} from "../../lib/address/mod.ts";
import { pick, seeded } from "./random.ts";

Deno.test("MAC addresses count up after the prefix 02:4e:59", () => {
  assertEquals(macAddress(0), "02:4e:59:00:00:00");
  assertEquals(macAddress(1), "02:4e:59:00:00:01");
  assertEquals(macAddress(0xabcdef), "02:4e:59:ab:cd:ef");
  assertEquals(macAddress(0xffffff), "02:4e:59:ff:ff:ff");
});

Deno.test("a number without a MAC address is refused", () => {
  for (const counter of [-1, 0x1000000, 1.5, NaN]) {
    assertThrows(() => macAddress(counter), InvalidAddressError, `number ${counter}`);
  }
});

Deno.test("MAC addresses are unicast, locally administered and distinct", () => {
  const random = seeded(5);
  const seen = new Map<string, number>();
  for (let i = 0; i < 2000; i++) {
    const counter = pick(random, 0x1000000);
    const mac = macAddress(counter);
    const [first, second, third, ...rest] = macBytes(mac);
    assertEquals(first & 1, 0, "the group bit");
    assertEquals(first & 2, 2, "the local bit");
    assertEquals([second, third], [..."NY"].map((letter) => letter.charCodeAt(0)));
    assertEquals(rest.reduce((sum, byte) => sum << 8 | byte), counter);
    assert((seen.get(mac) ?? counter) === counter);
    seen.set(mac, counter);
  }
});

Deno.test("only six pairs of hexadecimal digits with colons are a MAC address", () => {
  assertEquals(macBytes("AA:bb:0C:00:11:22"), new Uint8Array([0xaa, 0xbb, 0x0c, 0, 0x11, 0x22]));
  for (
    const text of [
      "",
      "02:4e:59:00:00",
      "02:4e:59:00:00:00:00",
      "2:4e:59:0:0:1",
      "02-4e-59-00-00-01",
      "024e59000001",
      "02:4e:59:00:00:0g",
      " 02:4e:59:00:00:01",
      "02:4e:59:00:00:01\n",
    ]
  ) {
    assertThrows(() => macBytes(text), InvalidAddressError, "is not a MAC address");
    assertThrows(() => linkLocalFromMac(text), InvalidAddressError, "is not a MAC address");
  }
});

Deno.test("a link-local address is the modified EUI-64 of the MAC address", () => {
  assertEquals(linkLocalFromMac("02:4e:59:00:00:01"), "fe80::4e:59ff:fe00:1");
  // The example of RFC 2464 4.
  assertEquals(linkLocalFromMac("34:56:78:9A:BC:DE"), "fe80::3656:78ff:fe9a:bcde");
  assertEquals(linkLocalFromMac("02:00:00:00:00:00"), "fe80::ff:fe00:0");
});

Deno.test("the MAC address can be computed from its link-local address", () => {
  const random = seeded(6);
  for (let i = 0; i < 500; i++) {
    const mac = Array.from({ length: 6 }, () => pick(random, 256).toString(16).padStart(2, "0"));
    const bytes = ipBytes(linkLocalFromMac(mac.join(":")));
    assertEquals([...bytes.subarray(0, 8)], [0xfe, 0x80, 0, 0, 0, 0, 0, 0]);
    assertEquals([bytes[8] ^ 2, bytes[9], bytes[10], bytes[13], bytes[14], bytes[15]], [
      ...macBytes(mac.join(":")),
    ]);
    assertFalse(bytes[11] !== 0xff || bytes[12] !== 0xfe);
  }
});
