import { ipFromBytes } from "../address/mod.ts";
import { embedV4InNat64, extractV4FromNat64 } from "../siit/embed.ts";
import { type Answer, type Message, type Packet, Rcode, respond } from "./messages.ts";

/** The answers of a DNS64 (RFC 6147). No I/O. */

/** Names and their addresses, the names in lower case. */
export type NameTable = ReadonlyMap<string, readonly string[]>;

/** Entries can change at any time, so resolvers must not cache them. */
const TTL_SECS = 0;
const MAPPED = /^::ffff:/;

const isV6 = (ip: string) => ip.includes(":");

/**
 * Answers a query about a name or an address of the table; undefined if the table has neither. For a name
 * without IPv6 addresses, the answer has its IPv4 addresses, embedded.
 */
export function answerFrom(table: NameTable, query: Message, prefix: string): Packet | undefined {
  const { name, type } = query.questions![0];
  const ips = table.get(name.toLowerCase());
  if (ips) {
    const answers = recordsOf(name, type, ips, prefix);
    return respond(query, answers, { authoritative: true });
  }
  const names = type === "PTR" ? namesOf(table, addressOf(name), prefix) : [];
  if (names.length === 0) return undefined;
  const answers = names.map((data): Answer => ({ type: "PTR", name, ttl: TTL_SECS, data }));
  return respond(query, answers, { authoritative: true });
}

/** Answers that there is no such name. */
export function answerNothing(query: Message): Packet {
  return respond(query, [], { rcode: Rcode.NxDomain });
}

function recordsOf(
  name: string,
  type: string,
  ips: readonly string[],
  prefix: string,
): Answer[] {
  if (type === "A") return addresses(name, "A", ips.filter((ip) => !isV6(ip)));
  if (type === "AAAA") return addresses(name, "AAAA", withEmbedded(ips, prefix).filter(isV6));
  return [];
}

const addresses = (name: string, type: "A" | "AAAA", ips: readonly string[]): Answer[] =>
  ips.map((data) => ({ type, name, ttl: TTL_SECS, data }));

/** Returns the addresses of a name; if none is IPv6, the embedded addresses come first. */
export function withEmbedded(ips: readonly string[], prefix: string): readonly string[] {
  if (ips.some(isV6)) return ips;
  return [...ips.map((ip) => embedV4InNat64(ip, prefix)), ...ips];
}

function namesOf(table: NameTable, ip: string | undefined, prefix: string): string[] {
  if (ip === undefined) return [];
  const wanted = isV6(ip) ? extractV4FromNat64(ip, prefix) ?? ip : ip;
  return [...table].filter(([, ips]) => ips.includes(wanted)).map(([name]) => name);
}

/** Returns the address of a PTR record from its name (RFC 1035, 3.5; RFC 3596, 2.5). */
export function addressOf(name: string): string | undefined {
  const labels = name.toLowerCase().replace(/\.$/, "").split(".").reverse();
  const [arpa, family, ...parts] = labels;
  if (arpa !== "arpa") return undefined;
  if (family === "in-addr" && parts.length === 4) {
    return parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)
      ? parts.map(Number).join(".")
      : undefined;
  }
  if (family !== "ip6" || parts.length !== 32 || !parts.every((p) => /^[0-9a-f]$/.test(p))) {
    return undefined;
  }
  const bytes = Array.from({ length: 16 }, (_, i) => parseInt(parts[2 * i] + parts[2 * i + 1], 16));
  return ipFromBytes(new Uint8Array(bytes));
}

/** Whether a response has no usable AAAA record (RFC 6147, 5.1.4). */
export function lacksAaaa({ answers }: Message): boolean {
  return !answers?.some((one) => one.type === "AAAA" && !MAPPED.test(one.data));
}

/**
 * Builds the answer to a AAAA question from the response to an A question: embeds each address and
 * keeps aliases (RFC 6147, 5.1.7).
 */
export function synthesize(query: Message, response: Message, prefix: string): Packet {
  const answers = (response.answers ?? []).flatMap((one): Answer[] => {
    if (one.type === "A") return [{ ...one, type: "AAAA", data: embedV4InNat64(one.data, prefix) }];
    return one.type === "CNAME" || one.type === "DNAME" ? [one] : [];
  });
  return respond(query, answers);
}
