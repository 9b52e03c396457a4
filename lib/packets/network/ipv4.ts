import { protocolName } from "../headers/numbers.ts";
import { countText, type FieldReader, hexed, named } from "./reader.ts";

/** Explicit congestion notification (RFC 3168 5). */
const ECN: readonly string[] = ["Not-ECT", "ECT(1)", "ECT(0)", "CE"];

const OPTIONS: Readonly<Record<number, string>> = {
  0: "End of options",
  1: "No operation",
  7: "Record route",
  68: "Timestamp",
  130: "Security",
  131: "Loose source route",
  136: "Stream identifier",
  137: "Strict source route",
  148: "Router alert",
};

/** Shows what was the type of service. */
export function showTrafficClass(value: number): string {
  return `DSCP ${value >> 2}, ${ECN[value & 3]}`;
}

/** Shows the number of a protocol above IP. */
export function showProtocol(value: number): string {
  const name = protocolName(value);
  return name === undefined ? String(value) : `${name} (${value})`;
}

/**
 * Reads an IPv4 header.
 *
 * Source: RFC 791 3.1, RFC 2474, RFC 3168.
 */
export function decodeIpv4(reader: FieldReader): void {
  reader.open("IPv4", (part) => {
    const headerBytes = (part.peek() & 15) * 4;
    const start = part.at;
    part.u8("Version, header length", (value) => `${value >> 4}, ${countText((value & 15) * 4)}`);
    part.u8("Traffic class", showTrafficClass);
    part.u16("Total length");
    part.u16("Identification", hexed(4));
    const fragment = part.u16("Flags, fragment offset", showFragment);
    part.flags(2, [[0x4000, "Don't fragment"], [0x2000, "More fragments"]], fragment);
    part.u8("TTL");
    part.u8("Protocol", showProtocol);
    part.u16("Header checksum", hexed(4));
    const from = part.ip4("Source");
    const to = part.ip4("Destination");
    if (headerBytes > 20 && part.left > 0) {
      part.group("Options", start + headerBytes - part.at, decodeOptions);
    }
    return to ? `${from} → ${to}` : undefined;
  });
}

function showFragment(value: number): string {
  const flags = [
    ...value & 0x4000 ? ["DF"] : [],
    ...value & 0x2000 ? ["MF"] : [],
  ];
  return `${flags.join(" ") || "none"}, offset ${(value & 0x1fff) * 8}`;
}

function decodeOptions(part: FieldReader): void {
  const show = named(OPTIONS);
  while (part.more) {
    const kind = part.peek();
    if (kind < 2) {
      part.u8("Option", show);
      if (kind === 0) return part.rest("Padding");
      continue;
    }
    const length = part.peek(1);
    if (length < 2) return part.stop("Damaged option", show(kind));
    part.group("Option", length, (option) => {
      option.u8("Kind", show);
      option.u8("Length");
      if (option.more) option.hex("Value", option.left);
      return show(kind);
    });
  }
}
