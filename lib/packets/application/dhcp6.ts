import { decodeName } from "../network/dns_name.ts";
import { type FieldReader, hexed, named } from "../network/reader.ts";

const MESSAGES: Readonly<Record<number, string>> = {
  1: "Solicit",
  2: "Advertise",
  3: "Request",
  4: "Confirm",
  5: "Renew",
  6: "Rebind",
  7: "Reply",
  8: "Release",
  9: "Decline",
  10: "Reconfigure",
  11: "Information-request",
  12: "Relay-forward",
  13: "Relay-reply",
};

const OPTIONS: Readonly<Record<number, string>> = {
  1: "Client identifier",
  2: "Server identifier",
  3: "Identity association (addresses)",
  4: "Identity association (temporary)",
  5: "Address",
  6: "Requested options",
  7: "Preference",
  8: "Elapsed time",
  9: "Relayed message",
  13: "Status",
  14: "Rapid commit",
  16: "Vendor class",
  18: "Interface",
  23: "DNS server",
  24: "Search list",
  25: "Identity association (prefixes)",
  26: "Prefix",
  39: "Client name",
  56: "NTP server",
  64: "AFTR name",
  82: "SOL_MAX_RT",
  83: "INF_MAX_RT",
};

const STATUS: Readonly<Record<number, string>> = {
  0: "Success",
  1: "UnspecFail",
  2: "NoAddrsAvail",
  3: "NoBinding",
  4: "NotOnLink",
  5: "UseMulticast",
  6: "NoPrefixAvail",
};

/** As deep may options, and relayed messages, stand in each other. */
const DEEPEST = 8;

const seconds = (value: number) => value === 0xffffffff ? "infinite" : `${value} s`;

/**
 * Reads DHCPv6, and returns one line about it.
 *
 * Source: RFC 8415 8, 9 and 21.
 */
export function decodeDhcp6(part: FieldReader, depth = 0): string {
  const type = part.u8("Message", named(MESSAGES));
  const said: string[] = [];
  const name = MESSAGES[type] ?? `Message ${type}`;
  let info = name;
  if (type === 12 || type === 13) {
    part.u8("Hops");
    info += ` L: ${part.ip6("Link address")}`;
    part.ip6("Peer address");
  } else {
    const id = part.uint(3, "Transaction ID", hexed(6));
    info += ` XID: ${hexed(1)(id)}`;
  }
  if (part.isCut) return name;
  decodeOptions(part, said, depth);
  return said.length > 0 ? `${info} ${said.join(" ")}` : info;
}

function decodeOptions(part: FieldReader, said: string[], depth: number): void {
  const show = named(OPTIONS);
  while (part.more) {
    const code = part.bytes[part.at] << 8 | part.peek(1);
    part.open(OPTIONS[code] ?? "Option", (option) => {
      option.u16("Code", show);
      const length = option.u16("Length");
      if (length === 0 || option.isCut) return undefined;
      let value: string | undefined;
      option.group("Value", length, (content) => {
        value = decodeValue(content, code, said, depth + 1);
        content.rest("Content");
        return value;
      });
      return value;
    });
  }
}

function decodeValue(
  content: FieldReader,
  code: number,
  said: string[],
  depth: number,
): string | undefined {
  if (depth > DEEPEST) return undefined;
  switch (code) {
    case 1:
    case 2: {
      const duid = content.hex("DUID", content.left);
      if (code === 1) said.push(`CID: ${duid}`);
      return duid;
    }
    case 3:
    case 25: {
      const id = content.u32("IAID", hexed(8));
      content.u32("T1", seconds);
      content.u32("T2", seconds);
      decodeOptions(content, said, depth);
      return hexed(8)(id);
    }
    case 5: {
      const address = content.ip6("Address");
      content.u32("Preferred lifetime", seconds);
      content.u32("Valid lifetime", seconds);
      said.push(`IAA: ${address}`);
      decodeOptions(content, said, depth);
      return address;
    }
    case 26: {
      content.u32("Preferred lifetime", seconds);
      content.u32("Valid lifetime", seconds);
      const length = content.u8("Prefix length");
      const prefix = `${content.ip6("Prefix")}/${length}`;
      said.push(`IAPD: ${prefix}`);
      decodeOptions(content, said, depth);
      return prefix;
    }
    case 6: {
      const names: string[] = [];
      while (content.left >= 2) {
        const wanted = content.u16("Option", named(OPTIONS));
        names.push(OPTIONS[wanted] ?? String(wanted));
      }
      return names.join(", ");
    }
    case 8:
      return `${content.u16("Elapsed", (value) => `${value * 10} ms`) * 10} ms`;
    case 9: {
      const info = decodeDhcp6(content, depth);
      said.push(info);
      return info;
    }
    case 13: {
      const status = content.u16("Status", named(STATUS));
      if (content.more) content.text("Message", content.left);
      if (status > 0) said.push(STATUS[status] ?? `status ${status}`);
      return STATUS[status];
    }
    case 23: {
      const servers: string[] = [];
      while (content.left >= 16) servers.push(content.ip6("Server"));
      return servers.join(", ");
    }
    case 24: {
      const names: string[] = [];
      while (content.more) names.push(decodeName(content, "Domain", content.at, content.end));
      return names.join(", ");
    }
  }
  return undefined;
}
