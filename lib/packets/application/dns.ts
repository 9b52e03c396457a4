import { asciiText, hexText } from "../headers/address_text.ts";
import { decodeName } from "../network/dns_name.ts";
import { countText, type FieldReader, hexed, named } from "../network/reader.ts";

const TYPES: Readonly<Record<number, string>> = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  12: "PTR",
  13: "HINFO",
  15: "MX",
  16: "TXT",
  28: "AAAA",
  33: "SRV",
  35: "NAPTR",
  39: "DNAME",
  41: "OPT",
  43: "DS",
  46: "RRSIG",
  47: "NSEC",
  48: "DNSKEY",
  50: "NSEC3",
  52: "TLSA",
  64: "SVCB",
  65: "HTTPS",
  250: "TSIG",
  251: "IXFR",
  252: "AXFR",
  255: "ANY",
  257: "CAA",
};

const OPCODES: Readonly<Record<number, string>> = {
  0: "Standard query",
  1: "Inverse query",
  2: "Server status request",
  4: "Zone change notification",
  5: "Dynamic update",
};

const RCODES: Readonly<Record<number, string>> = {
  0: "No error",
  1: "Format error",
  2: "Server failure",
  3: "No such name",
  4: "Not implemented",
  5: "Refused",
};

const FLAGS = [
  [0x8000, "Response"],
  [0x0400, "Authoritative"],
  [0x0200, "Truncated"],
  [0x0100, "Recursion desired"],
  [0x0080, "Recursion available"],
  [0x0020, "Authentic data"],
  [0x0010, "Checking disabled"],
] as const;

const EDNS: Readonly<Record<number, string>> = {
  3: "Name server identifier",
  8: "Client subnet",
  10: "Cookie",
  11: "TCP keepalive",
  12: "Padding",
  15: "Extended error",
};

/** As many answers does the line about a message show. */
const ANSWERS_SHOWN = 8;
/** Bytes of a text of TXT that are shown. */
const TEXT_SHOWN = 120;

const typeText = (type: number) => TYPES[type] ?? `TYPE${type}`;

/**
 * Reads DNS over TCP: messages with their lengths before them.
 *
 * Source: RFC 1035 4.2.2.
 */
export function decodeDnsStream(part: FieldReader): string {
  const lines: string[] = [];
  while (part.more && lines.length < ANSWERS_SHOWN) {
    const length = part.u16("Length");
    if (part.more) {
      part.group("Message", length, (message) => {
        lines.push(decodeDns(message));
        return lines.at(-1);
      });
    } else break;
  }
  return lines.join("; ");
}

/**
 * Reads a DNS message, and returns one line about it.
 *
 * Source: RFC 1035 4.1, RFC 6891.
 */
export function decodeDns(part: FieldReader): string {
  const message = part.at;
  const id = part.u16("Identifier", hexed(4));
  const bits = part.u16("Flags", hexed(4));
  part.flags(2, FLAGS, bits);
  if (part.isCut) return "";
  const opcode = bits >> 11 & 15;
  const rcode = bits & 15;
  part.node("Opcode", named(OPCODES)(opcode), part.at - 2, part.at);
  if (bits & 0x8000) part.node("Response code", named(RCODES)(rcode), part.at - 2, part.at);
  const counts = ["Questions", "Answers", "Authorities", "Additional"].map((label) =>
    [
      label,
      part.u16(label),
    ] as const
  );
  let info = OPCODES[opcode] ?? `Opcode ${opcode}`;
  if (bits & 0x8000) info += " response";
  info += ` ${hexed(4)(id)}`;
  if (bits & 0x8000 && rcode > 0) info += ` ${RCODES[rcode] ?? `code ${rcode}`}`;
  const said: string[] = [];
  for (const [label, count] of counts) {
    if (count === 0 || !part.more) continue;
    part.open(label, (section) => {
      for (let i = 0; i < count && section.more; i++) {
        const text = label === "Questions"
          ? decodeQuestion(section, message)
          : decodeRecord(section, message);
        // Of what stands beside answers, only the kind of record tells something.
        if (text && said.length < ANSWERS_SHOWN) said.push(text);
      }
      return String(count);
    });
  }
  part.rest("Other bytes");
  return said.length > 0 ? `${info} ${said.join(" ")}` : info;
}

function decodeQuestion(section: FieldReader, message: number): string {
  let text = "";
  section.open("Question", (part) => {
    const name = decodeName(part, "Name", message, part.end);
    const type = part.u16("Type", named(TYPES));
    part.u16("Class", showClass);
    return text = part.isCut ? "" : `${typeText(type)} ${name}`;
  });
  return text;
}

function showClass(value: number): string {
  // Of multicast DNS, the upper bit says something else (RFC 6762 10.2, 18.12).
  const name = (value & 0x7fff) === 1 ? "IN" : (value & 0x7fff) === 255 ? "ANY" : undefined;
  return name ? `${name} (${value})` : String(value);
}

function decodeRecord(section: FieldReader, message: number): string {
  let text = "";
  section.open("Record", (part) => {
    const name = decodeName(part, "Name", message, part.end);
    const type = part.u16("Type", named(TYPES));
    if (type === 41) {
      decodeEdns(part);
      text = "OPT";
      return `OPT`;
    }
    part.u16("Class", showClass);
    part.u32("Time to live", (value) => `${value} s`);
    const length = part.u16("Data length");
    let value = "";
    if (part.more || length === 0) {
      part.group("Data", length, (data) => value = decodeData(data, type, message, section.end));
    }
    text = value ? `${typeText(type)} ${value}` : typeText(type);
    return `${name} ${text}`;
  });
  return text;
}

function decodeData(data: FieldReader, type: number, message: number, end: number): string {
  const name = (label: string) => decodeName(data, label, message, end);
  switch (type) {
    case 1:
      return data.ip4("Address");
    case 28:
      return data.ip6("Address");
    case 2:
    case 5:
    case 12:
    case 39:
      return name("Name");
    case 15: {
      const preference = data.u16("Preference");
      return `${preference} ${name("Mail server")}`;
    }
    case 33: {
      const numbers = ["Priority", "Weight", "Port"].map((label) => data.u16(label));
      return `${numbers.join(" ")} ${name("Target")}`;
    }
    case 6: {
      const server = name("Primary server");
      name("Mailbox");
      data.u32("Serial");
      for (const label of ["Refresh", "Retry", "Expire", "Minimum"]) {
        data.u32(label, (value) => `${value} s`);
      }
      return server;
    }
    case 16: {
      const texts: string[] = [];
      while (data.more) texts.push(decodeText(data));
      const all = texts.join(" ");
      return all.length > TEXT_SHOWN ? `${all.slice(0, TEXT_SHOWN)}…` : all;
    }
  }
  return data.more ? data.hex("Content", data.left) : "";
}

function decodeText(data: FieldReader): string {
  const length = data.bytes[data.at];
  if (!data.has(1 + length)) return "";
  const start = data.at + 1;
  const text = `"${asciiText(data.bytes, start, start + length, TEXT_SHOWN)}"`;
  data.node("Text", text, data.at, start + length);
  data.at = start + length;
  return text;
}

function decodeEdns(part: FieldReader): void {
  part.u16("UDP payload size");
  part.u8("Upper bits of the response code");
  part.u8("Version");
  const flags = part.u16("Flags", hexed(4));
  part.flags(2, [[0x8000, "DNSSEC OK"]], flags);
  const length = part.u16("Data length");
  if (length === 0) return;
  part.group("Options", length, (options) => {
    while (options.more) {
      const code = options.bytes[options.at] << 8 | options.peek(1);
      options.open(EDNS[code] ?? "Option", (option) => {
        option.u16("Code", named(EDNS));
        const bytes = option.u16("Length");
        const { at } = option;
        option.data("Value", bytes);
        return option.isCut ? undefined : hexText(option.bytes, at, at + bytes);
      });
    }
    return countText(length);
  });
}
