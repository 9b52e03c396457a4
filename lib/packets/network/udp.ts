import { type FieldReader, hexed } from "./reader.ts";

/** Reads a UDP header (RFC 768). */
export function decodeUdp(reader: FieldReader): void {
  reader.open("UDP", (part) => {
    const from = part.u16("Source port");
    const to = part.u16("Destination port");
    part.u16("Length");
    part.u16("Checksum", hexed(4));
    return part.isCut ? undefined : `${from} → ${to}`;
  });
}
