import { Buffer } from "node:buffer";
// @ts-types="./dns_packet.d.ts"
import dnsPacket, {
  type Answer,
  type DecodedPacket,
  type OptAnswer,
  type Packet,
} from "dns-packet";

/** The messages of DNS (RFC 1035), as far as a DNS64 writes them. */

export type { Answer, Packet };

/** A message that was received. */
export type Message = DecodedPacket;

// RFC 1035, 4.1.1, and RFC 2535, 6.1.
const AUTHORITATIVE = 1 << 10;
const TRUNCATED = 1 << 9;
const RECURSION_DESIRED = 1 << 8;
const RECURSION_AVAILABLE = 1 << 7;
const CHECKING_DISABLED = 1 << 4;
const OPCODE = 0xf << 11;

/** What a response says of how it went. */
export const enum Rcode {
  None,
  FormErr,
  ServFail,
  NxDomain,
  NotImp,
}

/** How long a UDP response may be where the asker says nothing (RFC 1035, 4.2.1). */
const PLAIN_BYTES = 512;
/** What is told that this server takes: what fits any IPv6 packet. */
const EDNS_BYTES = 1232;

/** Reads a message; undefined if it is none. */
export function readMessage(bytes: Uint8Array): Message | undefined {
  try {
    return dnsPacket.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch {
    return undefined;
  }
}

/** The bytes of a message. */
export function writeMessage(packet: Packet): Uint8Array {
  return dnsPacket.encode(packet);
}

const optOf = ({ additionals }: Message): OptAnswer | undefined =>
  additionals?.find((one): one is OptAnswer => one.type === "OPT");

const flagsOf = ({ flags }: Message): number => flags ?? 0;

/** Whether a message is a query of the ordinary kind. */
export const isStandardQuery = (message: Message): boolean => (flagsOf(message) & OPCODE) === 0;

/** Whether the asker validates by itself, so that nothing may be made up (RFC 6147, 5.5). */
export function validatesItself(query: Message): boolean {
  const wantsSignatures = optOf(query)?.flag_do === true;
  return wantsSignatures && (flagsOf(query) & CHECKING_DISABLED) !== 0;
}

/** Whether a response was cut. */
export const isTruncated = (message: Message): boolean => (flagsOf(message) & TRUNCATED) !== 0;

/** The code of a response. */
export const rcodeOf = (message: Message): number => flagsOf(message) & 0xf;

/** A response to a query. */
export function respond(
  query: Message,
  answers: Answer[],
  { rcode = Rcode.None, authoritative = false }: { rcode?: Rcode; authoritative?: boolean } = {},
): Packet {
  const asked = flagsOf(query) & (RECURSION_DESIRED | CHECKING_DISABLED | OPCODE);
  return {
    type: "response",
    id: query.id,
    flags: asked | RECURSION_AVAILABLE | (authoritative ? AUTHORITATIVE : 0) | rcode,
    questions: query.questions,
    answers,
    additionals: optOf(query) ? [edns()] : [],
  };
}

/** The question of a query for another type, to be asked on behalf of who sent it. */
export function askInstead(query: Message, id: number, type: "A" | "AAAA"): Packet {
  const [question] = query.questions!;
  return {
    type: "query",
    id,
    flags: RECURSION_DESIRED | flagsOf(query) & CHECKING_DISABLED,
    questions: [{ ...question, type }],
    additionals: optOf(query) ? [edns()] : [],
  };
}

const edns = (): OptAnswer => ({
  type: "OPT",
  name: ".",
  udpPayloadSize: EDNS_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
});

/** A response as UDP takes it: without answers, and marked as cut, where it is too long. */
export function fitUdp(query: Message, packet: Packet): Uint8Array {
  const bytes = writeMessage(packet);
  const room = Math.max(PLAIN_BYTES, optOf(query)?.udpPayloadSize ?? 0);
  if (bytes.length <= room) return bytes;
  return writeMessage({ ...packet, flags: (packet.flags ?? 0) | TRUNCATED, answers: [] });
}
