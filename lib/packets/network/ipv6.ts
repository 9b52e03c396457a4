import { extensionBytes, IP } from "../headers/headers.ts";
import { showProtocol, showTrafficClass } from "./ipv4.ts";
import { type FieldReader, hexed, named } from "./reader.ts";

const EXTENSIONS: Readonly<Record<number, string>> = {
  0: "IPv6 hop-by-hop options",
  43: "IPv6 routing header",
  44: "IPv6 fragment header",
  51: "IPv6 authentication header",
  60: "IPv6 destination options",
  135: "IPv6 mobility header",
  139: "IPv6 host identity header",
  140: "IPv6 shim header",
};

const OPTIONS: Readonly<Record<number, string>> = {
  0: "Pad1",
  1: "PadN",
  5: "Router alert",
  0xc2: "Jumbo payload",
};

/**
 * Reads an IPv6 header and those that extend it.
 *
 * Source: RFC 8200 3 and 4.
 */
export function decodeIpv6(reader: FieldReader): void {
  let next: number = IP.none;
  let isWhole = false;
  reader.open("IPv6", (part) => {
    part.u32(
      "Version, class, flow label",
      (value) =>
        `${value >>> 28}, ${showTrafficClass(value >>> 20 & 0xff)}, flow ${
          hexed(5)(value & 0xfffff)
        }`,
    );
    part.u16("Payload length");
    next = part.u8("Next header", showProtocol);
    part.u8("Hop limit");
    const from = part.ip6("Source");
    const to = part.ip6("Destination");
    isWhole = !part.isCut;
    return to ? `${from} → ${to}` : undefined;
  });
  let isFirst = true;
  while (isWhole && isFirst && EXTENSIONS[next] !== undefined && reader.more) {
    const kind = next;
    const length = extensionBytes(kind, reader.peek(1));
    reader.group(EXTENSIONS[kind], Math.max(8, length), (part) => {
      next = part.u8("Next header", showProtocol);
      if (kind === IP.fragment) {
        isFirst = decodeFragment(part);
        return;
      }
      part.u8("Header length", () => `${length} bytes`);
      if (kind === 0 || kind === 60) decodeOptions(part);
      else part.rest("Content");
    });
    if (reader.isCut) break;
  }
}

/** Reads what follows the next header of a fragment header; returns whether it is the first. */
function decodeFragment(part: FieldReader): boolean {
  part.u8("Reserved");
  const fragment = part.u16(
    "Fragment offset",
    (value) => `${value & 0xfff8}${value & 1 ? ", more fragments" : ""}`,
  );
  part.u32("Identification", hexed(8));
  return (fragment & 0xfff8) === 0;
}

function decodeOptions(part: FieldReader): void {
  const show = named(OPTIONS);
  while (part.more) {
    const kind = part.peek();
    if (kind === 0) {
      part.u8("Option", show);
      continue;
    }
    part.group("Option", 2 + Math.max(0, part.peek(1)), (option) => {
      option.u8("Type", show);
      option.u8("Length");
      if (option.more) option.hex("Value", option.left);
      return show(kind);
    });
  }
}
