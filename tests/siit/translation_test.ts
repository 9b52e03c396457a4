import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvalidAddressError, ipBytes } from "../../lib/address/mod.ts";
import { ClatMap, Translator, TranslatorOptionError } from "../../lib/siit/mod.ts";
import { examine } from "./examine.ts";
import { bytesOf, hexOf, ip4, ip6, sealed, tcp, udp } from "./packets.ts";
import {
  HOST4,
  HOST6,
  nat64,
  passed,
  pieces,
  ROUTER4,
  ROUTER6,
  SERVER4,
  SERVER6,
  translated,
} from "./scene.ts";

const UDP6 = "6b800000000a114020010db80000000000000000000000100064ff9b0000000000000000c6336401" +
  "03e80035000a3b566869";
const UDP4 = "45b8001e000100003f1146a00a400002c6336401" + "03e80035000a5edd6869";
const TCP4 = "45000028beef40004006476ac63364010a400002" +
  "00509c4001020304050607085012faf0d3c60000";
const TCP6 = "600000000014063f0064ff9b0000000000000000c633640120010db8000000000000000000000010" +
  "00509c4001020304050607085012faf0b03f0000";
const PING6 = "60000000000b3a4020010db80000000000000000000000100064ff9b0000000000000000c6336401" +
  "8000635100070001616263";
const PING4 = "4500001f000100003f0147670a400002c6336401" + "0800339500070001616263";

// Computed independently of the translator, field by field.
const GOLDEN: [name: string, from: string, to: string][] = [
  ["UDP from IPv6, with a traffic class", UDP6, UDP4],
  ["TCP from IPv4, which must not be fragmented", TCP4, TCP6],
  ["an Echo from IPv6", PING6, PING4],
];

for (const [name, from, to] of GOLDEN) {
  Deno.test(`${name} becomes the expected packet`, () => {
    assertEquals(hexOf(passed(nat64(), bytesOf(from))), to);
  });
}

Deno.test("a packet that is translated forth and back is unchanged, except for fields that cannot survive", () => {
  const there = nat64({ decrement: false });
  // A CLAT and the NAT64 in a row, as on the path of 464XLAT: IPv4, IPv6, IPv4.
  const clat = new Translator({
    map: new ClatMap("192.0.0.1", HOST6),
    address4: "192.0.0.2",
    address6: ROUTER6,
    decrement: false,
  });
  for (const protocol of [6, 17, 33, 50, 132, 136, 99]) {
    const data = Uint8Array.from({ length: 1400 }, (_, index) => index);
    const head = protocol === 6 ? tcp(1, 2, data) : udp(1, 2, data);
    const payload = sealed("192.0.0.1", SERVER4, protocol, head);
    const sent = { protocol, ttl: 9, tos: 7, df: true, id: 1 };
    const out = ip4({ src: "192.0.0.1", dst: SERVER4, payload, ...sent });
    const arrived = passed(there, passed(clat, out));
    const resealed = sealed(HOST4, SERVER4, protocol, head);
    const { id: _, ...kept } = sent;
    const id = arrived[4] << 8 | arrived[5];
    assertEquals(arrived, ip4({ src: HOST4, dst: SERVER4, payload: resealed, ...kept, id }));
    const back = sealed(SERVER4, HOST4, protocol, head);
    const home = passed(
      clat,
      passed(there, ip4({ src: SERVER4, dst: HOST4, payload: back, ...sent })),
    );
    const here = sealed(SERVER4, "192.0.0.1", protocol, head);
    const backId = home[4] << 8 | home[5];
    assertEquals(home, ip4({ src: SERVER4, dst: "192.0.0.1", payload: here, ...kept, id: backId }));
  }
});

Deno.test("IPv4 options and IPv6 extension headers are omitted", () => {
  const data = udp(1, 2, new Uint8Array(3));
  const payload4 = sealed(SERVER4, HOST4, 17, data);
  // Record Route, and a finished source route.
  for (const options of ["0707040000000000", "83070800000000 00"]) {
    const packet = ip4({
      src: SERVER4,
      dst: HOST4,
      protocol: 17,
      payload: payload4,
      options: bytesOf(options),
    });
    const { sound, payload } = examine(passed(nat64(), packet));
    assertEquals([sound, payload.length], [true, 11]);
  }
  const payload6 = sealed(HOST6, SERVER6, 17, data);
  const packet = ip6({
    src: HOST6,
    dst: SERVER6,
    protocol: 17,
    payload: payload6,
    flow: 0xabcde,
    extensions: [
      [0, new Uint8Array(8)],
      [60, bytesOf("0001" + "00".repeat(14))],
      [43, new Uint8Array(8)],
    ],
  });
  const { sound, payload } = examine(passed(nat64(), packet));
  assertEquals([sound, payload.length], [true, 11]);
});

Deno.test("an IPv4 packet made from IPv6 must not be fragmented if it is longer than 1260 bytes", () => {
  for (const [bytes, dontFragment] of [[1260, false], [1261, true]] as const) {
    const payload = sealed(HOST6, SERVER6, 17, udp(1, 2, new Uint8Array(bytes - 28)));
    const result = passed(nat64(), ip6({ src: HOST6, dst: SERVER6, protocol: 17, payload }));
    assertEquals([result.length, examine(result).dontFragment], [bytes, dontFragment]);
  }
});

Deno.test("IPv4 packets made from IPv6 have consecutive identifications", () => {
  const translator = nat64({ identification: 0xffff });
  const ids = [1, 2].map(() => hexOf(passed(translator, bytesOf(UDP6)).subarray(4, 6)));
  assertEquals(ids, ["ffff", "0000"]);
});

Deno.test("a UDP checksum of 0 is written as ffff, in both directions", () => {
  const pairs = [[HOST6, SERVER6, HOST4, SERVER4], [SERVER4, HOST4, SERVER6, HOST6]];
  for (const [src, dst, newSrc, newDst] of pairs) {
    // Two bytes of data that make the sum of the translated datagram ffff.
    const probe = sealed(newSrc, newDst, 17, udp(1, 2, new Uint8Array(2)));
    const data = probe.slice(6, 8);
    const packet = { src, dst, protocol: 17, payload: sealed(src, dst, 17, udp(1, 2, data)) };
    const result = examine(passed(nat64(), src.includes(":") ? ip6(packet) : ip4(packet)));
    assertEquals(hexOf(result.payload), hexOf(sealed(newSrc, newDst, 17, udp(1, 2, data))));
    assertEquals(hexOf(result.payload.subarray(6, 8)), "ffff");
  }
});

Deno.test("an IPv4 UDP datagram without a checksum gets one", () => {
  for (const bytes of [0, 1, 2, 1301]) {
    const payload = udp(1, 2, new Uint8Array(bytes).fill(0xff));
    const packet = ip4({ src: SERVER4, dst: HOST4, protocol: 17, payload, df: true });
    assertEquals(examine(passed(nat64(), packet)).payload, sealed(SERVER6, HOST6, 17, payload));
  }
});

Deno.test("an IPv4 packet that may be fragmented is, if the IPv6 packet is too long", () => {
  const data = Uint8Array.from({ length: 3000 }, (_, index) => index % 251);
  const payload = sealed(SERVER4, HOST4, 17, udp(1, 2, data));
  const packet = ip4({ src: SERVER4, dst: HOST4, protocol: 17, payload, id: 0x1234 });
  const translator = nat64();
  const found = pieces(translator, passed(translator, packet));
  assertEquals(found.map(({ length }) => length), [1280, 1280, 592]);
  assertEquals(found.map((piece) => examine(piece).fragment), [
    { offset: 0, more: true, id: 0x1234 },
    { offset: 154, more: true, id: 0x1234 },
    { offset: 308, more: false, id: 0x1234 },
  ]);
  assertEquals(found.flatMap((piece) => [...examine(piece).payload]), [
    ...sealed(SERVER6, HOST6, 17, payload),
  ]);
});

Deno.test("a packet that fits 1280 bytes of IPv6 is not fragmented, and an IPv4 fragment stays a fragment", () => {
  const translator = nat64();
  const of = (bytes: number) => sealed(SERVER4, HOST4, 17, udp(1, 2, new Uint8Array(bytes - 48)));
  const packet = { src: SERVER4, dst: HOST4, protocol: 17, id: 7 };
  assertEquals(passed(translator, ip4({ ...packet, payload: of(1280) })).length, 1280);
  const two = passed(translator, ip4({ ...packet, payload: of(1281) }));
  assertEquals(pieces(translator, two).length, 2);
  const last = passed(translator, ip4({ ...packet, payload: new Uint8Array(9), offset: 100 }));
  assertEquals(examine(last).fragment, { offset: 100, more: false, id: 7 });
  const payload = new Uint8Array(1240);
  const long = passed(translator, ip4({ ...packet, payload, offset: 100, mf: true }));
  assertEquals(pieces(translator, long).map((piece) => examine(piece).fragment), [
    { offset: 100, more: true, id: 7 },
    { offset: 254, more: true, id: 7 },
  ]);
});

Deno.test("an IPv6 fragment header becomes fields of IPv4, also an atomic one", () => {
  const translator = nat64();
  const payload = sealed(HOST6, SERVER6, 17, udp(1, 2, new Uint8Array(1400)));
  const packet = { src: HOST6, dst: SERVER6, protocol: 17 };
  const first = { offset: 0, more: true, id: 0xaaaa1234 };
  const cut = payload.slice(0, 1000);
  assertEquals(
    examine(passed(translator, ip6({ ...packet, payload: cut, fragment: first }))).fragment,
    {
      ...first,
      id: 0x1234,
    },
  );
  const atomic = passed(
    translator,
    ip6({ ...packet, payload, fragment: { ...first, more: false } }),
  );
  const { sound, dontFragment } = examine(atomic);
  assertEquals([sound, dontFragment, hexOf(atomic.subarray(4, 6))], [true, false, "1234"]);
});

Deno.test("a CLAT maps its own address, and refuses packets to others", () => {
  const map = new ClatMap("192.0.0.1", HOST6);
  const clat = new Translator({ map, address4: "192.0.0.2", address6: HOST6 });
  const payload = sealed(SERVER4, HOST4, 17, udp(1, 2, new Uint8Array(1)));
  const found = examine(
    passed(clat, ip4({ src: "192.0.0.1", dst: SERVER4, protocol: 17, payload })),
  );
  assertEquals([found.src, found.dst], [ipBytes(HOST6), ipBytes(SERVER6)]);
  const other = ip4({ src: "192.0.0.5", dst: SERVER4, protocol: 17, payload });
  assertEquals(translated(clat, other), "source");
  const stray = ip6({ src: SERVER6, dst: "2001:db8::99", protocol: 17, payload });
  assertEquals(translated(clat, stray), "destination");
});

Deno.test("a setting out of its range is refused by a typed error", () => {
  assertThrows(() => nat64({ mtu6: 1279 }), TranslatorOptionError, "from 1280 to 65535");
  assertThrows(() => nat64({ mtu4: 67 }), TranslatorOptionError, "mtu4 67");
  assertThrows(() => nat64({ fragmentBytes: 1500.5 }), TranslatorOptionError, "whole number");
  assertThrows(() => nat64({ address4: ROUTER6 }), InvalidAddressError);
  assertThrows(() => nat64({ address6: ROUTER4 }), InvalidAddressError);
  assert(nat64({ mtu6: 1280 }));
});
