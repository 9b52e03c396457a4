import { Buffer } from "node:buffer";
// @ts-types="./dns_packet.d.ts"
import dnsPacket, {
  type Answer,
  type DecodedPacket,
  type OptAnswer,
  type Packet,
} from "dns-packet";

/** DNS messages (RFC 1035), as far as a DNS64 reads and writes them. */

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

/** The response code (RFC 1035, 4.1.1). */
export const enum Rcode {
  None,
  FormErr,
  ServFail,
  NxDomain,
  NotImp,
}

/** The longest UDP response without EDNS (RFC 1035, 4.2.1). */
const PLAIN_BYTES = 512;
/** The longest UDP message that this server accepts: it fits the minimum MTU of IPv6. */
const EDNS_BYTES = 1232;

/** Decodes a message; undefined if the bytes are not one. */
export function readMessage(bytes: Uint8Array): Message | undefined {
  try {
    return dnsPacket.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch {
    return undefined;
  }
}

/** Encodes a message. */
export function writeMessage(packet: Packet): Uint8Array {
  return dnsPacket.encode(packet);
}

const optOf = ({ additionals }: Message): OptAnswer | undefined =>
  additionals?.find((one): one is OptAnswer => one.type === "OPT");

const flagsOf = ({ flags }: Message): number => flags ?? 0;

/** Whether a message is a standard query (opcode 0). */
export const isStandardQuery = (message: Message): boolean => (flagsOf(message) & OPCODE) === 0;

/** Whether the client validates DNSSEC itself, so that no record may be synthesized (RFC 6147, 5.5). */
export function validatesItself(query: Message): boolean {
  const wantsSignatures = optOf(query)?.flag_do === true;
  return wantsSignatures && (flagsOf(query) & CHECKING_DISABLED) !== 0;
}

/** Whether a response is truncated. */
export const isTruncated = (message: Message): boolean => (flagsOf(message) & TRUNCATED) !== 0;

/** Returns the code of a response. */
export const rcodeOf = (message: Message): number => flagsOf(message) & 0xf;

/** Builds a response to a query. */
export function respond(
  query: Message,
  answers: Answer[],
  { rcode = Rcode.None, authoritative = false }: { rcode?: Rcode; authoritative?: boolean } = {},
): Packet {
  const copied = flagsOf(query) & (RECURSION_DESIRED | CHECKING_DISABLED | OPCODE);
  return {
    type: "response",
    id: query.id,
    flags: copied | RECURSION_AVAILABLE | (authoritative ? AUTHORITATIVE : 0) | rcode,
    questions: query.questions,
    answers,
    additionals: optOf(query) ? [edns()] : [],
  };
}

/** Builds a query with the same question for another type. */
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

/** Encodes a response for UDP; one that is too long has no answers and is marked as truncated. */
export function fitUdp(query: Message, packet: Packet): Uint8Array {
  const bytes = writeMessage(packet);
  const room = Math.max(PLAIN_BYTES, optOf(query)?.udpPayloadSize ?? 0);
  if (bytes.length <= room) return bytes;
  return writeMessage({ ...packet, flags: (packet.flags ?? 0) | TRUNCATED, answers: [] });
}
