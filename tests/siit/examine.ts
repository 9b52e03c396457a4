/**
 * A simple parser that checks whether a strict receiver would accept a packet. It shares no code with
 * the translator.
 */
import { CHECKSUM_AT, onesSum, pseudo } from "./packets.ts";

export interface Examined {
  version: 4 | 6;
  protocol: number;
  hops: number;
  tos: number;
  src: Uint8Array;
  dst: Uint8Array;
  payload: Uint8Array;
  fragment?: { offset: number; more: boolean; id: number };
  dontFragment: boolean;
  /** Whether checksum and lengths of a complete datagram of a known protocol are correct. */
  sound?: boolean;
}

/** Parses a packet; throws an Error about a fault in its headers. */
export function examine(bytes: Uint8Array): Examined {
  const found = bytes[0] >> 4 === 4 ? examine4(bytes) : examine6(bytes);
  const { fragment, src, dst, protocol, payload } = found;
  if (!fragment || fragment.offset === 0 && !fragment.more) {
    found.sound = isSound(src, dst, protocol, payload);
  }
  return found;
}

function fail(what: string): never {
  throw new Error(what);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function examine4(bytes: Uint8Array): Examined {
  if (bytes.length < 20) fail("IPv4 header cut off");
  const view = viewOf(bytes);
  if (view.getUint8(0) !== 0x45) fail("not an IPv4 header without options");
  if (view.getUint16(2) !== bytes.length) fail("IPv4 length is not that of the packet");
  if (onesSum(bytes.subarray(0, 20)) !== 0xffff) fail("IPv4 checksum");
  const flags = view.getUint16(6);
  if (flags & 0x8000) fail("IPv4 reserved flag");
  const offset = flags & 0x1fff;
  const more = (flags & 0x2000) !== 0;
  const payload = bytes.subarray(20);
  if (more && payload.length % 8) fail("IPv4 fragment of a length that is no multiple of 8");
  return {
    version: 4,
    protocol: bytes[9],
    hops: bytes[8],
    tos: bytes[1],
    src: bytes.subarray(12, 16),
    dst: bytes.subarray(16, 20),
    payload,
    fragment: more || offset > 0 ? { offset, more, id: view.getUint16(4) } : undefined,
    dontFragment: (flags & 0x4000) !== 0,
  };
}

function examine6(bytes: Uint8Array): Examined {
  if (bytes.length < 40) fail("IPv6 header cut off");
  const view = viewOf(bytes);
  if (bytes[0] >> 4 !== 6) fail("neither IPv4 nor IPv6");
  if (view.getUint16(4) !== bytes.length - 40) fail("IPv6 length is not that of the packet");
  if (view.getUint32(0) & 0xfffff) fail("IPv6 flow label");
  let protocol = bytes[6];
  let payload = bytes.subarray(40);
  let fragment: Examined["fragment"];
  if (protocol === 44) {
    if (payload.length < 8) fail("IPv6 fragment header cut off");
    const head = viewOf(payload);
    if (payload[1] !== 0 || head.getUint16(2) & 6) fail("IPv6 fragment header's reserved bits");
    const more = (head.getUint16(2) & 1) === 1;
    fragment = { offset: head.getUint16(2) >> 3, more, id: head.getUint32(4) };
    protocol = payload[0];
    payload = payload.subarray(8);
    if (more && payload.length % 8) fail("IPv6 fragment of a length that is no multiple of 8");
    if (fragment.offset === 0 && !more) fail("atomic fragment");
  }
  if ([0, 43, 44, 60].includes(protocol)) fail("IPv6 extension header");
  return {
    version: 6,
    protocol,
    hops: bytes[7],
    tos: (view.getUint16(0) >> 4) & 0xff,
    src: bytes.subarray(8, 24),
    dst: bytes.subarray(24, 40),
    payload,
    fragment,
    dontFragment: true,
  };
}

/** Whether lengths and checksum of a datagram are correct; undefined for unknown protocols. */
export function isSound(
  src: Uint8Array,
  dst: Uint8Array,
  protocol: number,
  payload: Uint8Array,
): boolean | undefined {
  const six = src.length === 16;
  const sum = (covered: Uint8Array) =>
    onesSum(pseudo(src, dst, protocol, payload.length), covered) === 0xffff;
  if (protocol === (six ? 58 : 1)) {
    return payload.length >= 8 && (six ? sum(payload) : onesSum(payload) === 0xffff);
  }
  const at = CHECKSUM_AT[protocol];
  if (at === undefined) return undefined;
  if (payload.length < at + 2) return false;
  const view = viewOf(payload);
  const field = view.getUint16(at);
  if (protocol === 17) {
    if (view.getUint16(4) !== payload.length) return false;
    return field === 0 ? !six : sum(payload);
  }
  if (protocol === 136) {
    const covered = view.getUint16(4) || payload.length;
    return covered >= 8 && covered <= payload.length && field !== 0 &&
      sum(payload.subarray(0, covered));
  }
  if (protocol === 33) {
    const cover = payload[5] & 15;
    const covered = cover === 0 ? payload.length : payload[4] * 4 + (cover - 1) * 4;
    return covered <= payload.length && sum(payload.subarray(0, covered));
  }
  return sum(payload);
}

/** Reassembles a datagram from its fragments in any order; throws if one is missing. */
export function reassembled(fragments: readonly Examined[]): Examined {
  const parts = [...fragments].sort((a, b) => a.fragment!.offset - b.fragment!.offset);
  const data: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.fragment!.id !== parts[0].fragment!.id) fail("fragments of two datagrams");
    if (part.fragment!.offset * 8 !== data.length) fail("a hole between fragments");
    if (part.fragment!.more !== index < parts.length - 1) fail("the last fragment is not the last");
    data.push(...part.payload);
  }
  const { src, dst, protocol } = parts[0];
  const payload = Uint8Array.from(data);
  return { ...parts[0], fragment: undefined, payload, sound: isSound(src, dst, protocol, payload) };
}
