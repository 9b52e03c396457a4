import { type FieldReader, named } from "./reader.ts";

const RECORDS: Readonly<Record<number, string>> = {
  1: "is include",
  2: "is exclude",
  3: "change to include",
  4: "change to exclude",
  5: "allow new sources",
  6: "block old sources",
};

/** As many groups are named in the line about a report. */
const NAMED = 4;

/**
 * Reads what follows the checksum of a message of multicast listener discovery.
 *
 * Source: RFC 2710 3, RFC 3810 5.
 */
export function decodeMld(part: FieldReader, type: number): string {
  if (type === 143) return decodeReport(part);
  part.u16("Maximum response delay", (value) => `${value} ms`);
  part.u16("Reserved");
  const group = part.ip6("Multicast address");
  if (type === 130 && part.more) {
    part.u8("Flags, robustness");
    part.u8("Query interval code");
    const sources = part.u16("Number of sources");
    for (let i = 0; i < sources && part.more; i++) part.ip6("Source");
  }
  return group === "::" || group === "" ? "" : group;
}

function decodeReport(part: FieldReader): string {
  part.u16("Reserved");
  const count = part.u16("Number of records");
  const groups: string[] = [];
  for (let i = 0; i < count && part.more; i++) {
    part.open("Record", (record) => {
      const type = record.u8("Type", named(RECORDS));
      const auxiliary = record.u8("Auxiliary length") * 4;
      const sources = record.u16("Number of sources");
      const group = record.ip6("Multicast address");
      for (let n = 0; n < sources && record.more; n++) record.ip6("Source");
      record.data("Auxiliary data", auxiliary);
      // A change to "exclude none" is how a host joins, to "include none" how it leaves.
      const verb = sources > 0 ? "" : type === 4 ? "join " : type === 3 ? "leave " : "";
      groups.push(verb + group);
      return group;
    });
  }
  const shown = groups.slice(0, NAMED).join(", ");
  return groups.length > NAMED ? `${shown} and ${groups.length - NAMED} more` : shown;
}
