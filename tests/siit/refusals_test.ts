import { assertEquals } from "@std/assert";
import { ipBytes } from "../../lib/address/mod.ts";
import { Refusal, REFUSAL_NAMES } from "../../lib/siit/mod.ts";
import { examine } from "./examine.ts";
import { bytesOf, icmp, type Ip4, ip4, type Ip6, ip6, sealed, udp } from "./packets.ts";
import { HOST4, HOST6, nat64, ROUTER4, ROUTER6, SERVER4, SERVER6, translated } from "./scene.ts";

const DATA4 = sealed(SERVER4, HOST4, 17, udp(1, 2, new Uint8Array(4)));
const DATA6 = sealed(HOST6, SERVER6, 17, udp(1, 2, new Uint8Array(4)));

function four(changes: Partial<Ip4> = {}): Uint8Array {
  return ip4({ src: SERVER4, dst: HOST4, protocol: 17, payload: DATA4, ...changes });
}

function six(changes: Partial<Ip6> = {}): Uint8Array {
  return ip6({ src: HOST6, dst: SERVER6, protocol: 17, payload: DATA6, ...changes });
}

function changed(packet: Uint8Array, at: number, ...bytes: number[]): Uint8Array {
  packet.set(bytes, at);
  return packet;
}

const long = new Uint8Array(1500);
const routing: [number, Uint8Array] = [43, bytesOf("0000000100000000")];
const ping4 = sealed(SERVER4, HOST4, 1, icmp(8, 0, 1, new Uint8Array(8)));
const ping6 = sealed(HOST6, SERVER6, 58, icmp(128, 0, 1, new Uint8Array(8)));

/** The reply is its type and code, and the four bytes after its checksum; none if left out. */
const CASES: [refusal: keyof typeof Refusal, what: string, packet: Uint8Array, reply?: number[]][] =
  [
    ["malformed", "nothing", new Uint8Array()],
    ["malformed", "a header cut off", four().slice(0, 19)],
    ["malformed", "a header cut off", six().slice(0, 39)],
    ["malformed", "a payload cut off", four().slice(0, 31)],
    ["malformed", "a payload cut off", six().slice(0, 51)],
    ["malformed", "a header shorter than itself", changed(four(), 0, 0x44)],
    ["malformed", "a TCP header without its checksum", four({ protocol: 6, payload: DATA4 })],
    ["malformed", "a TCP header without its checksum", six({ protocol: 6, payload: DATA6 })],
    ["malformed", "a piece of no multiple of 8", four({ mf: true, offset: 1 })],
    [
      "malformed",
      "an extension header cut off",
      six({ extensions: [[60, bytesOf("00ff000000000000")]] }),
    ],
    [
      "malformed",
      "Hop-by-Hop Options that are not first",
      six({
        extensions: [[60, new Uint8Array(8)], [0, new Uint8Array(8)]],
      }),
    ],
    ["malformed", "a datagram beyond the longest", four({ offset: 8191 })],
    ["checksum", "a wrong header checksum", changed(four(), 10, 1, 2)],
    ["hopLimit", "one hop left", four({ ttl: 1 }), [11, 0, 0]],
    ["hopLimit", "no hop left", six({ hops: 0 }), [3, 0, 0]],
    ["hopLimit", "one hop left, a later fragment", four({ ttl: 1, offset: 1 })],
    [
      "tooBig",
      "a long packet not to be fragmented",
      four({ df: true, payload: long, protocol: 99 }),
      [3, 4, 1380],
    ],
    [
      "tooBig",
      "a long fragment not to be fragmented",
      four({
        df: true,
        mf: true,
        payload: long.slice(0, 1400),
        protocol: 99,
      }),
      [3, 4, 1372],
    ],
    ["tooBig", "a long packet", six({ payload: long, protocol: 99 }), [2, 0, 1420]],
    ["illegalAddress", "a loopback source", four({ src: "127.0.0.1" })],
    ["illegalAddress", "a multicast destination", four({ dst: "224.0.0.1" })],
    ["illegalAddress", "a broadcast", four({ dst: "255.255.255.255" })],
    ["illegalAddress", "a link-local source", six({ src: "fe80::1" })],
    ["illegalAddress", "no source", six({ src: "::" })],
    ["illegalAddress", "a multicast destination", six({ dst: "ff02::1" })],
    ["illegalAddress", "an embedded loopback", six({ dst: "64:ff9b::7f00:1" })],
    ["source", "a source in the prefix", six({ src: "64:ff9b::1:1" }), [1, 5, 0]],
    ["destination", "a destination outside the prefix", six({ dst: "2001:db8::5" }), [1, 3, 0]],
    ["destination", "a host that was not seen", four({ dst: "10.64.0.99" }), [3, 1, 0]],
    [
      "sourceRoute",
      "a source route with a hop to go",
      four({ options: bytesOf("8307 04 c0000201 00") }),
      [3, 5, 0],
    ],
    ["routingHeader", "segments left", six({ extensions: [[60, new Uint8Array(8)], routing] }), [
      4,
      0,
      51,
    ]],
    ["icmpFragment", "a fragment of an Echo", four({ protocol: 1, payload: ping4, mf: true })],
    [
      "icmpFragment",
      "a fragment of an Echo",
      six({
        protocol: 58,
        payload: ping6,
        fragment: { offset: 2, more: false, id: 1 },
      }),
    ],
    [
      "fragmentExtension",
      "an authentication header behind a fragment header",
      six({
        protocol: 51,
        fragment: { offset: 0, more: true, id: 1 },
      }),
    ],
    [
      "noUdpChecksum",
      "a first fragment without a checksum",
      four({
        payload: udp(1, 2, new Uint8Array(8)),
        mf: true,
      }),
    ],
    ["noUdpChecksum", "IPv6 without a checksum", six({ payload: udp(1, 2, new Uint8Array(8)) })],
    ["discovery", "IGMP", four({ protocol: 2 })],
    ["discovery", "a router solicitation", four({ protocol: 1, payload: icmp(10, 0, 0, long) })],
    [
      "discovery",
      "a neighbour solicitation",
      six({
        src: "fe80::1",
        dst: "ff02::1:ff00:1",
        hops: 255,
        protocol: 58,
        payload: icmp(135, 0, 0, long),
      }),
    ],
    ["icmpType", "a timestamp", four({ protocol: 1, payload: icmp(13, 0, 0, long) })],
    ["icmpType", "a node information query", six({ protocol: 58, payload: icmp(139, 0, 0, long) })],
    [
      "checksum",
      "an ICMP error of a wrong checksum",
      four({ protocol: 1, payload: icmp(3, 0, 0, long) }),
    ],
    [
      "checksum",
      "an ICMP error of a wrong checksum",
      six({ protocol: 58, payload: icmp(1, 0, 0, long) }),
    ],
    ["protocol", "ICMPv6 in IPv4", four({ protocol: 58 })],
    ["protocol", "Hop-by-Hop Options in IPv4", four({ protocol: 0 })],
    ["protocol", "ICMPv4 in IPv6", six({ protocol: 1 })],
  ];

for (const [refusal, what, packet, reply] of CASES) {
  const family = packet[0] >> 4 === 6 ? "IPv6" : "IPv4";
  const outcome = reply ? "is refused, and its sender told" : "is refused";
  Deno.test(`${what}, ${family}, ${outcome} (${refusal}, ${packet.length} bytes)`, () => {
    const translator = nat64({ mtu4: 1400, mtu6: 1400 });
    assertEquals(translated(translator, packet), refusal);
    const counts = REFUSAL_NAMES.map((name) => Number(name === refusal));
    assertEquals([[...translator.refused], translator.translated], [counts, 0]);

    const out = new Uint8Array(1280);
    const length = translator.errorFor(Refusal[refusal], packet, packet.length, out);
    if (!reply) return assertEquals(length, 0);
    const error = examine(out.slice(0, length));
    const { payload } = error;
    const six = error.version === 6;
    const value = new DataView(payload.slice().buffer).getUint32(4);
    assertEquals([payload[0], payload[1], value, error.sound], [...reply, true]);
    assertEquals(error.src, ipBytes(six ? ROUTER6 : ROUTER4));
    assertEquals(error.dst, six ? packet.subarray(8, 24) : packet.subarray(12, 16));
    const quoted = Math.min(packet.length, six ? 1280 - 48 : 576 - 28);
    assertEquals(payload.subarray(8), packet.subarray(0, quoted));
  });
}

Deno.test("no error is sent about an error", () => {
  const translator = nat64();
  const quoted4 = ip4({ src: HOST4, dst: SERVER4, protocol: 17, payload: DATA4 });
  const quoted6 = ip6({ src: SERVER6, dst: HOST6, protocol: 17, payload: DATA6 });
  const error4 = sealed(SERVER4, HOST4, 1, icmp(3, 1, 0, quoted4));
  const error6 = sealed(HOST6, SERVER6, 58, icmp(1, 1, 0, quoted6));
  const packets = [
    four({ ttl: 1, protocol: 1, payload: error4 }),
    six({ hops: 1, protocol: 58, payload: error6 }),
  ];
  for (const packet of packets) {
    assertEquals(translated(translator, packet), "hopLimit");
    assertEquals(
      translator.errorFor(Refusal.hopLimit, packet, packet.length, new Uint8Array(1280)),
      0,
    );
  }
});

Deno.test("a result that does not fit the buffer is refused, and nothing is written after its end", () => {
  const translator = nat64();
  for (const packet of [four(), six(), four({ payload: long, protocol: 99 })]) {
    const isSix = packet[0] >> 4 === 6;
    const needed = translated(translator, packet).length;
    for (const room of [0, 20, 40, needed - 1, needed]) {
      const guarded = new Uint8Array(4000).fill(0xa5);
      const out = guarded.subarray(0, room);
      const length = isSix
        ? translator.translate6to4(packet, packet.length, out)
        : translator.translate4to6(packet, packet.length, out);
      assertEquals(length, room >= needed ? needed : -Refusal.noRoom);
      assertEquals(guarded.subarray(room).every((byte) => byte === 0xa5), true);
    }
  }
});

Deno.test("without `decrement` the hop limit stays for the kernel to decrement", () => {
  const translator = nat64({ decrement: false });
  for (const packet of [four({ ttl: 1 }), six({ hops: 1 })]) {
    assertEquals(examine(translated(translator, packet) as Uint8Array).hops, 1);
  }
  assertEquals(translated(translator, four({ ttl: 0 })), "hopLimit");
});

Deno.test("an Echo that is too long for IPv6 is fragmented, with the checksum of the complete message", () => {
  const translator = nat64();
  const payload = sealed(SERVER4, HOST4, 1, icmp(8, 0, 1, new Uint8Array(3000)));
  const result = translated(translator, four({ protocol: 1, payload })) as Uint8Array;
  const parts = [0, 1, 2].map((n) => examine(result.subarray(n * 1280, n * 1280 + 1280)).payload);
  const whole = parts.flatMap((part) => [...part]);
  assertEquals(whole, [...sealed(SERVER6, HOST6, 58, icmp(128, 0, 1, new Uint8Array(3000)))]);
});
