import { assertEquals } from "@std/assert";
import { ipBytes } from "../../lib/address/mod.ts";
import { examine } from "./examine.ts";
import { bytesOf, hexOf, icmp, ip4, ip6, join, sealed, tcp, udp } from "./packets.ts";
import { HOST4, HOST6, nat64, passed, SERVER4, SERVER6, translated } from "./scene.ts";

/** Routers on the path, of each family. */
const HOP4 = "192.0.2.9";
const HOP6 = "2001:db8:ffff::1";

const SENT4 = ip4({
  src: HOST4,
  dst: SERVER4,
  protocol: 17,
  payload: sealed(HOST4, SERVER4, 17, udp(1000, 53, new Uint8Array(40))),
  ttl: 60,
});
const SENT6 = ip6({
  src: SERVER6,
  dst: HOST6,
  protocol: 17,
  payload: sealed(SERVER6, HOST6, 17, udp(53, 1000, new Uint8Array(40))),
  hops: 60,
});

function error4(type: number, code: number, value = 0, quoted: Uint8Array = SENT4): Uint8Array {
  const payload = sealed(HOP4, HOST4, 1, icmp(type, code, value, quoted));
  return ip4({ src: HOP4, dst: HOST4, protocol: 1, payload });
}

function error6(type: number, code: number, value = 0, quoted: Uint8Array = SENT6): Uint8Array {
  const payload = sealed(HOP6, SERVER6, 58, icmp(type, code, value, quoted));
  return ip6({ src: HOP6, dst: SERVER6, protocol: 58, payload });
}

/** Type, code and the four bytes after the checksum of the translated error; or the refusal. */
function becomes(packet: Uint8Array, translator = nat64()): number[] | string {
  const result = translated(translator, packet);
  if (typeof result === "string") return result;
  const { payload, sound } = examine(result);
  assertEquals(sound, true);
  const view = new DataView(payload.slice().buffer);
  return [payload[0], payload[1], view.getUint32(4)];
}

Deno.test("each ICMPv4 error becomes the ICMPv6 error of the table, or is refused", () => {
  const unreachable: ([type: number, code: number, value: number] | string)[] = [
    [1, 0, 0], // network
    [1, 0, 0], // host
    [4, 1, 6], // protocol: the next header field
    [1, 4, 0], // port
    [2, 0, 1420], // fragmentation needed
    [1, 0, 0], // source route failed
    [1, 0, 0],
    [1, 0, 0],
    [1, 0, 0],
    [1, 1, 0], // prohibited
    [1, 1, 0],
    [1, 0, 0], // type of service
    [1, 0, 0],
    [1, 1, 0], // prohibited
    "icmpType", // host precedence violation
    [1, 1, 0], // precedence cutoff
    "icmpType",
  ];
  for (const [code, message] of unreachable.entries()) {
    assertEquals(becomes(error4(3, code, code === 4 ? 1400 : 0)), message, `code ${code}`);
  }
  assertEquals(becomes(error4(11, 0)), [3, 0, 0]);
  assertEquals(becomes(error4(11, 1)), [3, 1, 0]);
  assertEquals(becomes(error4(12, 1)), "icmpType");
  assertEquals(becomes(error4(12, 3)), "icmpType");
  assertEquals(becomes(error4(4, 0)), "icmpType"); // source quench
  assertEquals(becomes(error4(5, 0)), "icmpType"); // redirect
  for (const type of [1, 2, 7, 13, 14, 15, 16, 17, 18, 30, 255]) {
    assertEquals(becomes(error4(type, 0)), "icmpType", `type ${type}`);
  }
  for (const type of [9, 10]) assertEquals(becomes(error4(type, 0)), "discovery", `type ${type}`);
});

Deno.test("each ICMPv6 error becomes the ICMPv4 error of the table, or is refused", () => {
  const unreachable = [
    [3, 1, 0],
    [3, 10, 0],
    [3, 1, 0],
    [3, 1, 0],
    [3, 3, 0],
    "icmpType",
    "icmpType",
  ];
  for (const [code, message] of unreachable.entries()) {
    assertEquals(becomes(error6(1, code)), message, `code ${code}`);
  }
  assertEquals(becomes(error6(2, 0, 1400)), [3, 4, 1380]);
  assertEquals(becomes(error6(3, 0)), [11, 0, 0]);
  assertEquals(becomes(error6(3, 1)), [11, 1, 0]);
  assertEquals(becomes(error6(4, 1, 6)), [3, 2, 0]);
  assertEquals(becomes(error6(4, 2)), "icmpType");
  for (const type of [0, 5, 100, 127, 138, 139, 140, 144, 200, 255]) {
    assertEquals(becomes(error6(type, 0)), "icmpType", `type ${type}`);
  }
  for (const type of [130, 131, 132, 133, 134, 135, 136, 137, 141, 142, 143, 151, 153]) {
    assertEquals(becomes(error6(type, 0)), "discovery", `type ${type}`);
  }
});

Deno.test("the pointer of a Parameter Problem points to the same field, or the error is refused", () => {
  const to6 = [0, 1, 4, 4, -1, -1, -1, -1, 7, 6, -1, -1, 8, 8, 8, 8, 24, 24, 24, 24, -1, -1];
  for (const [pointer, target] of to6.entries()) {
    for (const code of [0, 2]) {
      const expected = target < 0 ? "icmpType" : [4, 0, target];
      assertEquals(becomes(error4(12, code, pointer * 2 ** 24)), expected, `pointer ${pointer}`);
    }
  }
  const to4 = [0, 1, -1, -1, 2, 2, 9, 8, ...Array(16).fill(12), ...Array(16).fill(16), -1];
  for (const [pointer, target] of to4.entries()) {
    const expected = target < 0 ? "icmpType" : [12, 0, target * 2 ** 24];
    assertEquals(becomes(error6(4, 0, pointer)), expected, `pointer ${pointer}`);
  }
  assertEquals(becomes(error6(4, 0, 2 ** 32 - 1)), "icmpType");
});

Deno.test("the MTU of an error is adapted to the other family, within those of the next hops and the minimum", () => {
  const translator = nat64({ mtu4: 1400, mtu6: 1500 });
  const to6 = [[1300, 1320], [1400, 1420], [1480, 1420], [9000, 1420], [576, 1280], [1260, 1280]];
  for (const [mtu, result] of to6) {
    assertEquals(becomes(error4(3, 4, mtu), translator), [2, 0, result], `MTU ${mtu}`);
  }
  const narrow6 = nat64({ mtu4: 1500, mtu6: 1300 });
  const to4 = [[1280, 1260], [1300, 1280], [1500, 1280], [2 ** 32 - 1, 1280], [100, 1260]];
  for (const [mtu, result] of to4) {
    assertEquals(becomes(error6(2, 0, mtu), narrow6), [3, 4, result], `MTU ${mtu}`);
  }
});

Deno.test("an error without an MTU gets the plateau below the size of its packet", () => {
  const plateaus = [[65535, 32020], [20000, 17934], [4352, 2022], [1500, 1512], [1492, 1280], [
    700,
    1280,
  ]];
  for (const [total, result] of plateaus) {
    const quoted = SENT4.slice(0, 28);
    new DataView(quoted.buffer).setUint16(2, total);
    assertEquals(becomes(error4(3, 4, 0, quoted)), [2, 0, result], `packet of ${total}`);
  }
});

Deno.test("the packet that an error quotes is translated as in the other direction", () => {
  const { src, payload } = examine(passed(nat64(), error4(3, 3)));
  assertEquals(src, ipBytes("64:ff9b::c000:209"));
  const quoted = examine(payload.subarray(8));
  assertEquals([quoted.src, quoted.dst], [ipBytes(HOST6), ipBytes(SERVER6)]);
  assertEquals([quoted.hops, quoted.sound, quoted.payload.length], [60, true, 48]);

  const back = examine(passed(nat64(), error6(1, 4)));
  // A router that is not a host of the NAT64 gets the dummy address.
  assertEquals(back.src, ipBytes("192.0.0.8"));
  const inner = examine(back.payload.subarray(8));
  assertEquals([inner.src, inner.dst], [ipBytes(SERVER4), ipBytes(HOST4)]);
  assertEquals([inner.hops, inner.sound, inner.payload.length], [60, true, 48]);
});

Deno.test("an error that quotes eight bytes becomes the expected packet", () => {
  const from = "45000038000500004001ae75c00002090a400002" + "030399f800000000" +
    "4500001e000100003c114a580a400002c6336401" + "03e80035000a5edd";
  const to = "6000000000383a3f0064ff9b0000000000000000c000020920010db8000000000000000000000010" +
    "010405f500000000" +
    "60000000000a113c20010db80000000000000000000000100064ff9b0000000000000000c6336401" +
    "03e80035000a3b56";
  assertEquals(hexOf(passed(nat64(), bytesOf(from))), to);
});

Deno.test("a quoted packet may have any protocol, and end anywhere after its header", () => {
  for (const protocol of [1, 6, 17, 50, 132]) {
    const rest = new Uint8Array(20);
    const data = protocol === 1
      ? icmp(8, 0, 1, rest)
      : protocol === 17
      ? udp(1, 2, rest)
      : tcp(1, 2, rest);
    const six = protocol === 1 ? 58 : protocol;
    const data6 = protocol === 1 ? icmp(129, 0, 1, new Uint8Array(20)) : data;
    const whole4 = ip4({
      src: HOST4,
      dst: SERVER4,
      protocol,
      payload: sealed(HOST4, SERVER4, protocol, data),
    });
    const whole6 = ip6({
      src: SERVER6,
      dst: HOST6,
      protocol: six,
      payload: sealed(SERVER6, HOST6, six, data6),
    });
    for (const bytes of [1, 4, 8, 15, 17, 18, data.length]) {
      for (
        const packet of [
          error4(11, 0, 0, whole4.slice(0, 20 + bytes)),
          error6(3, 0, 0, whole6.slice(0, 40 + bytes)),
        ]
      ) {
        const { payload, sound, version } = examine(passed(nat64(), packet));
        assertEquals([sound, payload.length], [true, 8 + (version === 4 ? 20 : 40) + bytes]);
        if (bytes < data.length) continue;
        assertEquals(examine(payload.subarray(8)).sound, protocol < 50 ? true : undefined);
      }
    }
    for (const bytes of [0, 19]) {
      assertEquals(becomes(error4(11, 0, 0, whole4.slice(0, bytes))), "malformed");
      assertEquals(becomes(error6(3, 0, 0, whole6.slice(0, bytes + 20))), "malformed");
    }
  }
});

Deno.test("a quoted fragment becomes a fragment of the other family", () => {
  const fragment = { offset: 5, more: true, id: 0x77 };
  const payload = new Uint8Array(16);
  const four = ip4({
    src: HOST4,
    dst: SERVER4,
    protocol: 17,
    payload,
    offset: 5,
    mf: true,
    id: 0x77,
  });
  const six = ip6({ src: SERVER6, dst: HOST6, protocol: 17, payload, fragment });
  for (const packet of [error4(11, 1, 0, four), error6(3, 1, 0, six)]) {
    const quoted = examine(examine(passed(nat64(), packet)).payload.subarray(8));
    assertEquals([quoted.fragment, quoted.payload], [fragment, payload]);
  }
});

Deno.test("an error about an error, or about a packet that is not translated, is refused", () => {
  const about4 = (protocol: number, payload: Uint8Array) =>
    becomes(error4(3, 1, 0, ip4({ src: HOST4, dst: SERVER4, protocol, payload })));
  const about6 = (protocol: number, payload: Uint8Array) =>
    becomes(error6(1, 0, 0, ip6({ src: SERVER6, dst: HOST6, protocol, payload })));
  assertEquals(about4(1, icmp(3, 1, 0, SENT4)), "nestedError");
  assertEquals(about6(58, icmp(1, 0, 0, SENT6)), "nestedError");
  assertEquals(about4(1, icmp(13, 0, 0, SENT4)), "icmpType");
  assertEquals(about6(58, icmp(135, 0, 0, SENT6)), "discovery");
  assertEquals(about4(58, SENT4), "protocol");
  assertEquals(about6(1, SENT6), "protocol");
  const strange4 = ip4({ src: "10.64.0.99", dst: SERVER4, protocol: 17, payload: SENT4 });
  assertEquals(becomes(error4(3, 1, 0, strange4)), "source");
  const strange6 = ip6({ src: SERVER6, dst: "2001:db8::99", protocol: 17, payload: SENT6 });
  assertEquals(becomes(error6(1, 0, 0, strange6)), "destination");
});

Deno.test("an ICMPv6 error is no longer than 1280 bytes", () => {
  const payload = new Uint8Array(1472);
  const quoted = ip4({ src: HOST4, dst: SERVER4, protocol: 17, payload });
  const result = passed(nat64(), error4(3, 4, 1400, quoted));
  assertEquals([result.length, examine(result).sound], [1280, true]);
});

Deno.test("ICMP extensions stay after the quoted packet, whose length has the right unit", () => {
  const extension = bytesOf("2000 0000 0008 0101 0001 2345");
  const padded = join(SENT4, new Uint8Array(132 - SENT4.length));
  const six = examine(passed(nat64(), error4(11, 0, 33 * 2 ** 16, join(padded, extension))));
  assertEquals([six.sound, hexOf(six.payload.subarray(0, 2)), six.payload[4]], [true, "0300", 16]);
  assertEquals(hexOf(six.payload.subarray(8 + 128)), hexOf(extension));
  assertEquals(
    six.payload.subarray(8 + SENT4.length + 20, 8 + 128),
    new Uint8Array(108 - SENT4.length),
  );

  const padded6 = join(SENT6, new Uint8Array(136 - SENT6.length));
  const four = examine(passed(nat64(), error6(1, 0, 17 * 2 ** 24, join(padded6, extension))));
  assertEquals([four.sound, hexOf(four.payload.subarray(0, 2)), four.payload[5]], [
    true,
    "0301",
    32,
  ]);
  assertEquals(hexOf(four.payload.subarray(8 + 128)), hexOf(extension));

  // Packet Too Big and Parameter Problem have none (RFC 4884, 4).
  const none = examine(passed(nat64(), error4(12, 0, 33 * 2 ** 16, join(padded, extension))));
  assertEquals([none.sound, none.payload.length], [true, 8 + 20 + SENT4.length]);
});
