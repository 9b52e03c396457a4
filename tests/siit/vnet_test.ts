import { assert, assertEquals } from "@std/assert";
import { ipBytes } from "../../lib/address/mod.ts";
import type { TranslatorOptions } from "../../lib/siit/mod.ts";
import { pick, seeded } from "../address/random.ts";
import { examine, type Examined, reassembled } from "./examine.ts";
import {
  type Bytes,
  CHECKSUM_AT,
  hexOf,
  icmp,
  ip4,
  ip6,
  join,
  onesSum,
  pseudo,
  sealed,
  tcp,
  udp,
  word,
} from "./packets.ts";
import { HOST4, HOST6, nat64, pieces, ROOM, SERVER4, SERVER6 } from "./scene.ts";

interface Vnet {
  flags: number;
  gso: number;
  headers: number;
  segment: number;
  start: number;
  offset: number;
}

function vnetOf(bytes: Uint8Array): Vnet {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 10);
  return {
    flags: bytes[0],
    gso: bytes[1],
    headers: view.getUint16(2, true),
    segment: view.getUint16(4, true),
    start: view.getUint16(6, true),
    offset: view.getUint16(8, true),
  };
}

function vnetBytes(vnet: Partial<Vnet>): Bytes {
  const view = new DataView(new ArrayBuffer(10));
  view.setUint8(0, vnet.flags ?? 0);
  view.setUint8(1, vnet.gso ?? 0);
  view.setUint16(2, vnet.headers ?? 0, true);
  view.setUint16(4, vnet.segment ?? 0, true);
  view.setUint16(6, vnet.start ?? 0, true);
  view.setUint16(8, vnet.offset ?? 0, true);
  return new Uint8Array(view.buffer);
}

/** What Linux writes to the checksum field: the folded sum of the pseudo header. */
function partial(src: string, dst: string, protocol: number, payload: Bytes): Bytes {
  const out = payload.slice();
  const header = pseudo(ipBytes(src), ipBytes(dst), protocol, payload.length);
  out.set(word(onesSum(header)), CHECKSUM_AT[protocol]);
  return out;
}

function packetOf(six: boolean, protocol: number, payload: Bytes, df = true): Bytes {
  return six
    ? ip6({ src: HOST6, dst: SERVER6, protocol, payload })
    : ip4({ src: SERVER4, dst: HOST4, protocol, payload, df });
}

function translate(six: boolean, bytes: Bytes, options: Partial<TranslatorOptions> = {}) {
  const translator = nat64({ vnet: true, ...options });
  const out = new Uint8Array(ROOM).fill(0xa5);
  const length = six
    ? translator.translate6to4(bytes, bytes.length, out)
    : translator.translate4to6(bytes, bytes.length, out);
  return { length, out: out.subarray(0, Math.max(length, 0)), translator };
}

Deno.test("a partial checksum, completed, equals a computed one, in both directions", () => {
  const random = seeded(1624);
  for (let index = 0; index < 2000; index++) {
    const six = index % 2 === 0;
    const protocol = [6, 17, 136][pick(random, 3)];
    const data = Uint8Array.from({ length: pick(random, 100) }, () => pick(random, 256));
    const [src, dst] = six ? [HOST6, SERVER6] : [SERVER4, HOST4];
    const [newSrc, newDst] = six ? [HOST4, SERVER4] : [SERVER6, HOST6];
    const plain = protocol === 6 ? tcp(1, 2, data) : udp(1, 2, data);
    const packet = packetOf(six, protocol, partial(src, dst, protocol, plain));
    const offset = CHECKSUM_AT[protocol];
    const header = vnetBytes({ flags: 1, start: six ? 40 : 20, offset });
    const { out, length } = translate(six, join(header, packet));
    assert(length > 0, `refused: ${length}`);
    assertEquals(vnetOf(out), {
      flags: 1,
      gso: 0,
      headers: 0,
      segment: 0,
      start: six ? 20 : 40,
      offset,
    });
    // As the kernel does: sums everything from the start on, with the field.
    const payload = out.slice(10 + (six ? 20 : 40));
    const sum = 0xffff - onesSum(payload);
    payload.set(word(sum === 0 && protocol !== 6 ? 0xffff : sum), offset);
    assertEquals(hexOf(payload), hexOf(sealed(newSrc, newDst, protocol, plain)));
  }
});

Deno.test("a packet to be segmented changes its segment type and the offsets of its headers", () => {
  for (const [six, ecn] of [[true, 0], [false, 0x80]] as const) {
    const [src, dst] = six ? [HOST6, SERVER6] : [SERVER4, HOST4];
    const packet = packetOf(six, 6, partial(src, dst, 6, tcp(1, 2, new Uint8Array(60_000))));
    const [from, to] = six ? [40, 20] : [20, 40];
    const header = {
      flags: 1,
      gso: (six ? 4 : 1) | ecn,
      headers: from + 20,
      segment: 1400,
      start: from,
      offset: 16,
    };
    const { out } = translate(six, join(vnetBytes(header), packet), { mtu4: 1500, mtu6: 1500 });
    assertEquals(vnetOf(out), { ...header, gso: (six ? 1 : 4) | ecn, headers: to + 20, start: to });
    assertEquals(examine(out.subarray(10)).payload.length, 60_020);
    if (six) assertEquals(examine(out.subarray(10)).dontFragment, true);
  }
});

Deno.test("UDP to be segmented stays to be segmented", () => {
  const payload = partial(SERVER4, HOST4, 17, udp(1, 2, new Uint8Array(9000)));
  const header = { flags: 1, gso: 5, headers: 28, segment: 1000, start: 20, offset: 6 };
  const { out } = translate(false, join(vnetBytes(header), packetOf(false, 17, payload)));
  assertEquals(vnetOf(out), { ...header, headers: 48, start: 40 });
});

Deno.test("segments that are too long for IPv6 are refused, or made shorter if they may be fragmented", () => {
  const payload = partial(SERVER4, HOST4, 6, tcp(1, 2, new Uint8Array(9000)));
  const header = vnetBytes({ flags: 1, gso: 1, headers: 40, segment: 1460, start: 20, offset: 16 });
  const options = { mtu6: 1500, fragmentBytes: 1500 };
  const stiff = translate(false, join(header, packetOf(false, 6, payload, true)), options);
  assertEquals(stiff.length, -4);
  const { out } = translate(false, join(header, packetOf(false, 6, payload, false)), options);
  assertEquals(vnetOf(out).segment, 1440);
});

Deno.test("a partial checksum is completed before the packet is fragmented", () => {
  const plain = udp(1, 2, new Uint8Array(3000).fill(7));
  const payload = partial(SERVER4, HOST4, 17, plain);
  const header = vnetBytes({ flags: 1, start: 20, offset: 6 });
  const { out, translator } = translate(false, join(header, packetOf(false, 17, payload, false)));
  for (let at = 0; at < out.length; at += translator.stride) {
    assertEquals(vnetOf(out.subarray(at, at + 10)), vnetOf(new Uint8Array(10)));
  }
  const parts: Examined[] = pieces(translator, out, 10).map(examine);
  const whole = reassembled(parts);
  assertEquals([parts.length, whole.sound], [3, true]);
  assertEquals(hexOf(whole.payload), hexOf(sealed(SERVER6, HOST6, 17, plain)));
});

Deno.test("a virtio-net header that does not match its packet is refused", () => {
  const segments = partial(SERVER4, HOST4, 6, tcp(1, 2, new Uint8Array(2000)));
  const packet = packetOf(false, 6, segments);
  const good = { flags: 1, gso: 1, headers: 40, segment: 1000, start: 20, offset: 16 };
  assert(translate(false, join(vnetBytes(good), packet)).length > 0);
  for (
    const bad of [{ start: 24 }, { offset: 6 }, { gso: 4 }, { gso: 3 }, { gso: 5 }, { gso: 2 }, {
      segment: 0,
    }]
  ) {
    const { length } = translate(false, join(vnetBytes({ ...good, ...bad }), packet));
    assertEquals(length, -17, JSON.stringify(bad));
  }
  const ping = sealed(SERVER4, HOST4, 1, icmp(8, 0, 1, new Uint8Array(9)));
  const header = vnetBytes({ flags: 1, start: 20, offset: 2 });
  assertEquals(translate(false, join(header, packetOf(false, 1, ping))).length, -17);
});

Deno.test("a fragment with a partial checksum or segments is refused", () => {
  const payload = partial(SERVER4, HOST4, 17, udp(1, 2, new Uint8Array(1000)));
  const packet = ip4({ src: SERVER4, dst: HOST4, protocol: 17, payload, mf: true });
  for (const header of [{ flags: 1, start: 20, offset: 6 }, { gso: 5, segment: 100 }]) {
    assertEquals(translate(false, join(vnetBytes(header), packet)).length, -17);
  }
  assert(translate(false, join(vnetBytes({}), packet)).length > 0);
});

Deno.test("each segment gets its own identification", () => {
  const translator = nat64({ vnet: true, identification: 100 });
  const payload = partial(HOST6, SERVER6, 6, tcp(1, 2, new Uint8Array(3000)));
  const header = vnetBytes({ flags: 1, gso: 4, headers: 60, segment: 1000, start: 40, offset: 16 });
  const packet = join(header, packetOf(true, 6, payload));
  const out = new Uint8Array(ROOM);
  const ids = [1, 2].map(() => {
    translator.translate6to4(packet, packet.length, out);
    return out[10 + 4] << 8 | out[10 + 5];
  });
  assertEquals(ids, [100, 103]);
});

Deno.test("an error reply has a virtio-net header without offloads", () => {
  const translator = nat64({ vnet: true });
  const packet = ip6({ src: HOST6, dst: "2001:db8::5", protocol: 99, payload: new Uint8Array(9) });
  const bytes = join(vnetBytes({ flags: 2 }), packet);
  const refused = translator.translate6to4(bytes, bytes.length, new Uint8Array(ROOM));
  const out = new Uint8Array(1290).fill(0xa5);
  const length = translator.errorFor(-refused, bytes, bytes.length, out);
  assertEquals(vnetOf(out), vnetOf(new Uint8Array(10)));
  assertEquals(examine(out.subarray(10, length)).sound, true);
});

Deno.test("any virtio-net header is translated to one that matches the packet, or refused", () => {
  const random = seeded(10);
  const pickOf = (...values: number[]) => values[pick(random, values.length)];
  let passed = 0;
  for (let index = 0; index < 20_000; index++) {
    const six = index % 2 === 0;
    const protocol = pickOf(6, 17, 132);
    const data = new Uint8Array(pick(random, 3000));
    const payload = protocol === 6 ? tcp(1, 2, data) : udp(1, 2, data);
    if (protocol === 6) payload[12] = pickOf(0x50, 0x50, 0x60, pick(random, 256));
    const header = vnetBytes({
      flags: pickOf(0, 1, 1, 1, 2, pick(random, 256)),
      gso: pickOf(0, 1, 4, 5, 0x81, pick(random, 256)),
      headers: pick(random, 100),
      segment: pickOf(0, 100, 1400, pick(random, 0x10000)),
      start: pickOf(20, 40, pick(random, 0x10000)),
      offset: pickOf(6, 8, 16, pick(random, 0x10000)),
    });
    const packet = join(header, packetOf(six, protocol, payload, random() < 0.5));
    const { length, out, translator } = translate(six, packet, { mtu6: 1500 });
    if (length < 0) continue;
    passed++;
    const parts = pieces(translator, out, 10).map(examine);
    const vnet = vnetOf(out);
    if (vnet.flags & 1) {
      assertEquals(vnet.start, six ? 20 : 40);
      assertEquals(vnet.offset, protocol === 6 ? 16 : protocol === 17 ? 6 : 8);
    } else assertEquals([vnet.start, vnet.offset], [0, 0]);
    if (vnet.gso) assert(parts.length === 1 && vnet.segment > 0);
  }
  assert(passed > 1000, `${passed} passed`);
});
