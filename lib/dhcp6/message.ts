import { Cidr } from "../address/mod.ts";
import { Dhcp6FormatError } from "./errors.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";

/** The port of clients (RFC 8415, section 7.2). */
export const CLIENT_PORT = 546;
/** The port of servers. */
export const SERVER_PORT = 547;
/** The multicast group of all servers and relays on a link (RFC 8415, section 7.1). */
export const ALL_SERVERS = "ff02::1:2";

const TYPES = {
  solicit: 1,
  advertise: 2,
  request: 3,
  confirm: 4,
  renew: 5,
  rebind: 6,
  reply: 7,
  release: 8,
  decline: 9,
  reconfigure: 10,
  "information-request": 11,
} as const;

/** The types of messages between clients and servers (RFC 8415, section 7.3). */
export type MessageType = keyof typeof TYPES;

const NAMES = new Map(Object.entries(TYPES).map(([name, type]) => [type, name as MessageType]));

/** The status codes of prefix delegation (RFC 8415, section 21.13). */
export const STATUS = { success: 0, noBinding: 3, noPrefixAvailable: 6 } as const;

const OPTION = {
  clientId: 1,
  serverId: 2,
  requested: 6,
  preference: 7,
  elapsed: 8,
  status: 13,
  association: 25,
  prefix: 26,
} as const;

/** The Status Code option. */
export interface Status {
  /** 0 is success. */
  code: number;
  /** A text for people; may be empty. */
  text: string;
}

/** A prefix; in a request also `::` with the requested length. */
export interface LeasedPrefix {
  prefix: Cidr;
  /** Preferred lifetime, in seconds; 0xffffffff is infinite. */
  preferredSecs: number;
  /** Valid lifetime, in seconds; 0 revokes the prefix. */
  validSecs: number;
}

/** An IA_PD: the prefixes of a client under an ID of its choice (RFC 8415, section 21.21). */
export interface PrefixAssociation {
  id: number;
  /** T1: when the client renews, in seconds; 0 leaves it to the client. */
  renewSecs: number;
  /** T2: when the client rebinds, in seconds; 0 leaves it to the client. */
  rebindSecs: number;
  prefixes: LeasedPrefix[];
  status?: Status;
}

/** A message between a client and a server, with the options of prefix delegation (RFC 8415, section 8). */
export interface Dhcp6Message {
  type: MessageType;
  /** The transaction ID, 24 bits. */
  transaction: number;
  /** The DUID of the client. */
  clientId?: Uint8Array;
  /** The DUID of the server. */
  serverId?: Uint8Array;
  /** 0 to 255; a client takes an offer with 255 without waiting for others. */
  preference?: number;
  /** Hundredths of a second since the client began, at most 65535. */
  elapsed?: number;
  /** The codes of the options that the client requests. */
  requested?: number[];
  status?: Status;
  associations: PrefixAssociation[];
  /** All other options, undecoded. */
  others: { code: number; data: Uint8Array }[];
}

/** Encodes a message as the payload of a UDP datagram. */
export function encodeMessage(message: Dhcp6Message): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  out.u32(TYPES[message.type] << 24 >>> 0 | message.transaction & 0xffffff);
  const { clientId, serverId, preference, elapsed, requested, status } = message;
  if (clientId) option(out, OPTION.clientId, () => out.bytes(clientId));
  if (serverId) option(out, OPTION.serverId, () => out.bytes(serverId));
  if (preference !== undefined) option(out, OPTION.preference, () => out.u8(preference));
  if (elapsed !== undefined) option(out, OPTION.elapsed, () => out.u16(elapsed));
  if (requested) option(out, OPTION.requested, () => requested.forEach((code) => out.u16(code)));
  if (status) statusOption(out, status);
  for (const association of message.associations) associationOption(out, association);
  for (const { code, data } of message.others) option(out, code, () => out.bytes(data));
  return out.finish();
}

function option(out: ByteWriter, code: number, write: () => void): void {
  out.u16(code);
  out.sized(write);
}

function statusOption(out: ByteWriter, { code, text }: Status): void {
  option(out, OPTION.status, () => {
    out.u16(code);
    out.bytes(new TextEncoder().encode(text));
  });
}

function associationOption(out: ByteWriter, association: PrefixAssociation): void {
  const { id, renewSecs, rebindSecs, prefixes, status } = association;
  option(out, OPTION.association, () => {
    out.u32(id);
    out.u32(renewSecs);
    out.u32(rebindSecs);
    for (const { prefix, preferredSecs, validSecs } of prefixes) {
      option(out, OPTION.prefix, () => {
        out.u32(preferredSecs);
        out.u32(validSecs);
        out.u8(prefix.prefix);
        out.u64(prefix.first >> 64n);
        out.u64(prefix.first & 0xffff_ffff_ffff_ffffn);
      });
    }
    if (status) statusOption(out, status);
  });
}

/**
 * Decodes a message.
 *
 * @throws {Dhcp6FormatError} If it is not a message between a client and a server.
 */
export function decodeMessage(bytes: Uint8Array): Dhcp6Message {
  const input = new ByteReader(bytes, "the message");
  const head = input.u32();
  const type = NAMES.get((head >>> 24) as 1);
  if (!type) {
    throw new Dhcp6FormatError(
      `message type ${head >>> 24} is not one between a client and a server`,
    );
  }
  const message: Dhcp6Message = {
    type,
    transaction: head & 0xffffff,
    associations: [],
    others: [],
  };
  for (const { code, data } of options(input)) take(message, code, data);
  return message;
}

function* options(input: ByteReader): Iterable<{ code: number; data: ByteReader }> {
  while (input.left > 0) {
    const code = input.u16();
    yield { code, data: input.part(input.u16(), `option ${code}`) };
  }
}

function take(message: Dhcp6Message, code: number, data: ByteReader): void {
  if (code === OPTION.clientId) message.clientId = duid(data);
  else if (code === OPTION.serverId) message.serverId = duid(data);
  else if (code === OPTION.preference) message.preference = data.exactly(1).u8();
  else if (code === OPTION.elapsed) message.elapsed = data.exactly(2).u16();
  else if (code === OPTION.requested) message.requested = codes(data);
  else if (code === OPTION.status) message.status = readStatus(data);
  else if (code === OPTION.association) message.associations.push(readAssociation(data));
  else message.others.push({ code, data: data.rest() });
}

/** A DUID has two bytes of type and up to 128 of content (RFC 8415, section 11.1). */
function duid(data: ByteReader): Uint8Array {
  if (data.left >= 3 && data.left <= 130) return data.rest();
  throw new Dhcp6FormatError(`a DUID of ${data.left} bytes: it has 3 to 130`);
}

function codes(data: ByteReader): number[] {
  const all: number[] = [];
  while (data.left > 0) all.push(data.u16());
  return all;
}

function readStatus(data: ByteReader): Status {
  return { code: data.u16(), text: new TextDecoder().decode(data.rest()) };
}

function readAssociation(data: ByteReader): PrefixAssociation {
  const found: PrefixAssociation = {
    id: data.u32(),
    renewSecs: data.u32(),
    rebindSecs: data.u32(),
    prefixes: [],
  };
  for (const { code, data: inner } of options(data)) {
    if (code === OPTION.prefix) found.prefixes.push(readPrefix(inner));
    else if (code === OPTION.status) found.status = readStatus(inner);
  }
  return found;
}

function readPrefix(data: ByteReader): LeasedPrefix {
  const [preferredSecs, validSecs, length] = [data.u32(), data.u32(), data.u8()];
  const value = data.u64() << 64n | data.u64();
  if (length > 128) throw new Dhcp6FormatError(`a prefix length of ${length}: it is 0 to 128`);
  // Bits behind the prefix length must be ignored (RFC 8415, section 21.22).
  const host = 1n << BigInt(128 - length);
  for (const _ of options(data)); // For example a status; nothing here depends on them.
  return { prefix: new Cidr(6, value - value % host, length), preferredSecs, validSecs };
}
