import { ip6Text } from "../headers/address_text.ts";
import { decodeName } from "./dns_name.ts";
import { type FieldReader, hexed, named } from "./reader.ts";

const TYPE = { rs: 133, ra: 134, ns: 135, na: 136, redirect: 137 } as const;

const OPTIONS: Readonly<Record<number, string>> = {
  1: "Source link-layer address",
  2: "Target link-layer address",
  3: "Prefix information",
  4: "Redirected header",
  5: "MTU",
  7: "Advertisement interval",
  14: "Nonce",
  24: "Route information",
  25: "Recursive DNS server",
  31: "DNS search list",
  37: "Captive portal",
  38: "PREF64",
};

/** The lengths of prefixes of PREF64 (RFC 8781 4). */
const PREF64_BITS: readonly number[] = [96, 64, 56, 48, 40, 32];

/**
 * Reads what follows the checksum of a message of neighbour discovery; returns what follows its name
 * in one line about it.
 *
 * Source: RFC 4861 4.
 */
export function decodeNd(part: FieldReader, type: number): string {
  let target = "";
  let flags: string[] = [];
  if (type === TYPE.ra) {
    flags = decodeRouterAdvertisement(part);
  } else if (type === TYPE.na) {
    const bits = part.u32("Flags", hexed(8));
    part.flags(
      4,
      [[0x80000000, "Router"], [0x40000000, "Solicited"], [0x20000000, "Override"]],
      bits,
    );
    flags = [
      ...bits & 0x80000000 ? ["rtr"] : [],
      ...bits & 0x40000000 ? ["sol"] : [],
      ...bits & 0x20000000 ? ["ovr"] : [],
    ];
    target = part.ip6("Target");
  } else {
    part.hex("Reserved", 4);
    if (type !== TYPE.rs) target = part.ip6("Target");
    if (type === TYPE.redirect) target = `${part.ip6("Destination")} to ${target}`;
  }
  const said = decodeOptions(part);
  if (type === TYPE.ns) return `for ${target}${said.mac ? ` from ${said.mac}` : ""}`;
  if (type === TYPE.na) {
    const inWords = flags.length ? ` (${flags.join(", ")})` : "";
    return `${target}${inWords}${said.mac ? ` is at ${said.mac}` : ""}`;
  }
  if (type === TYPE.redirect) return target;
  return [...said.mac ? [`from ${said.mac}`] : [], ...flags, ...said.words].join(", ");
}

function decodeRouterAdvertisement(part: FieldReader): string[] {
  part.u8("Hop limit");
  const flags = part.u8("Flags", hexed(2));
  part.flags(1, [[0x80, "Managed addresses"], [0x40, "Other configuration"]], flags);
  const lifetime = part.u16("Router lifetime", (value) => `${value} s`);
  part.u32("Reachable time", (value) => `${value} ms`);
  part.u32("Retransmission timer", (value) => `${value} ms`);
  return [
    ...flags & 0x80 ? ["managed"] : [],
    ...flags & 0x40 ? ["other"] : [],
    ...lifetime === 0 && !part.isCut ? ["not a default router"] : [],
  ];
}

/** The MAC address among the options, and what the others say in a word. */
function decodeOptions(part: FieldReader): { mac: string; words: string[] } {
  const said = { mac: "", words: [] as string[] };
  const show = named(OPTIONS);
  while (part.more) {
    const kind = part.peek();
    const length = part.peek(1) * 8;
    if (length <= 0) {
      part.stop("Damaged option", show(kind));
      break;
    }
    part.group(OPTIONS[kind] ?? "Option", length, (option) => {
      option.u8("Type", show);
      option.u8("Length", (units) => `${units * 8} bytes`);
      if (kind < 3) return said.mac = option.mac("Address");
      const value = decodeValue(option, kind);
      option.rest("Content");
      if (value && kind !== 14) said.words.push(value);
      return value;
    });
  }
  return said;
}

function decodeValue(option: FieldReader, kind: number): string {
  const seconds = (value: number) => value === 0xffffffff ? "infinite" : `${value} s`;
  if (kind === 3) {
    const length = option.u8("Prefix length");
    const flags = option.u8("Flags", hexed(2));
    option.flags(1, [[0x80, "On-link"], [0x40, "Autonomous"]], flags);
    option.u32("Valid lifetime", seconds);
    option.u32("Preferred lifetime", seconds);
    option.hex("Reserved", 4);
    const prefix = option.ip6("Prefix");
    return prefix ? `prefix ${prefix}/${length}` : "";
  }
  if (kind === 5) {
    option.hex("Reserved", 2);
    return `MTU ${option.u32("MTU")}`;
  }
  if (kind === 24) {
    const length = option.u8("Prefix length");
    option.u8("Preference", hexed(2));
    option.u32("Lifetime", seconds);
    return `route ${decodePrefix(option, "Prefix", option.left)}/${length}`;
  }
  if (kind === 25) {
    option.hex("Reserved", 2);
    option.u32("Lifetime", seconds);
    const servers: string[] = [];
    while (option.left >= 16) servers.push(option.ip6("Server"));
    return `DNS ${servers.join(" ")}`;
  }
  if (kind === 31) {
    option.hex("Reserved", 2);
    option.u32("Lifetime", seconds);
    const names: string[] = [];
    while (option.peek() > 0) names.push(decodeName(option, "Domain", option.at, option.end));
    return `search ${names.join(" ")}`;
  }
  if (kind === 38) {
    const scaled = option.u16(
      "Lifetime, prefix length",
      (value) => `${value & 0xfff8} s, ${PREF64_BITS[value & 7] ?? "?"}`,
    );
    return `NAT64 ${decodePrefix(option, "Prefix", 12)}/${PREF64_BITS[scaled & 7] ?? "?"}`;
  }
  if (kind === 14) return option.hex("Nonce", option.left);
  if (kind === 37) return option.text("URI", option.left);
  return "";
}

/** Reads an IPv6 prefix of which zeros at the end may be left out. */
function decodePrefix(option: FieldReader, label: string, length: number): string {
  const bytes = Math.min(16, length);
  if (!option.has(bytes)) return "";
  const whole = new Uint8Array(16);
  whole.set(option.bytes.subarray(option.at, option.at + bytes));
  const prefix = ip6Text(whole, 0);
  option.node(label, prefix, option.at, option.at + bytes);
  option.at += bytes;
  return prefix;
}
