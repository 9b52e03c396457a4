import { ip4Text } from "../headers/address_text.ts";
import { HARDWARE } from "../network/link.ts";
import { type FieldReader, hexed, named } from "../network/reader.ts";

const MESSAGES: Readonly<Record<number, string>> = {
  1: "Discover",
  2: "Offer",
  3: "Request",
  4: "Decline",
  5: "ACK",
  6: "NAK",
  7: "Release",
  8: "Inform",
};

/** Names of options, and how each value is shown. */
const OPTIONS: Readonly<Record<number, readonly [name: string, show: Show]>> = {
  1: ["Subnet mask", "ips"],
  3: ["Router", "ips"],
  6: ["DNS server", "ips"],
  12: ["Host name", "text"],
  15: ["Domain name", "text"],
  26: ["MTU", "number"],
  28: ["Broadcast address", "ips"],
  42: ["NTP server", "ips"],
  50: ["Requested address", "ips"],
  51: ["Lease time", "seconds"],
  52: ["Overload", "number"],
  53: ["Message type", "number"],
  54: ["Server", "ips"],
  55: ["Parameters", "list"],
  56: ["Message", "text"],
  57: ["Largest message", "number"],
  58: ["Renewal time", "seconds"],
  59: ["Rebinding time", "seconds"],
  60: ["Vendor class", "text"],
  61: ["Client identifier", "hex"],
  66: ["TFTP server", "text"],
  67: ["Boot file", "text"],
  81: ["Client name", "hex"],
  82: ["Relay information", "hex"],
  114: ["Captive portal", "text"],
  119: ["Search list", "hex"],
  121: ["Classless routes", "hex"],
};

type Show = "ips" | "text" | "number" | "seconds" | "list" | "hex";

const MAGIC = 0x63825363;

/**
 * Reads DHCPv4 or BOOTP, and returns one line about it.
 *
 * Source: RFC 2131 2, RFC 2132.
 */
export function decodeDhcp(part: FieldReader): string {
  const operation = part.u8("Operation", named({ 1: "request", 2: "reply" }));
  part.u8("Hardware type", named(HARDWARE));
  const hardwareBytes = part.u8("Hardware address length");
  part.u8("Hops");
  const id = part.u32("Transaction ID", hexed(8));
  part.u16("Elapsed", (value) => `${value} s`);
  const flags = part.u16("Flags", hexed(4));
  part.flags(2, [[0x8000, "Broadcast"]], flags);
  part.ip4("Client IP");
  const given = part.ip4("Your IP");
  part.ip4("Next server");
  part.ip4("Relay");
  if (hardwareBytes === 6) part.mac("Client MAC");
  else part.hex("Client hardware address", Math.min(16, hardwareBytes));
  if (hardwareBytes < 16) part.hex("Unused", 16 - hardwareBytes);
  zeroText(part, "Server name", 64);
  zeroText(part, "Boot file", 128);
  let name = operation === 1 ? "Boot Request" : "Boot Reply";
  if (part.more) {
    const magic = part.u32("Magic cookie", hexed(8));
    if (magic === MAGIC) {
      const message = decodeOptions(part);
      if (message > 0) name = `DHCP ${MESSAGES[message] ?? `message ${message}`}`;
    }
  }
  part.rest("Other bytes");
  const address = operation === 2 && given && given !== "0.0.0.0" ? ` ${given}` : "";
  return `${name} - Transaction ID ${hexed(8)(id)}${address}`;
}

/** A text that ends with the first zero. */
function zeroText(part: FieldReader, label: string, bytes: number): void {
  if (!part.has(bytes)) return;
  const zero = part.bytes.subarray(part.at, part.at + bytes).indexOf(0);
  if (zero === 0) part.node(label, "none", part.at, part.at + bytes);
  else {
    part.text(label, zero < 0 ? bytes : zero);
    part.at -= zero < 0 ? bytes : zero;
  }
  part.at += bytes;
}

/** Returns the type of the message. */
function decodeOptions(part: FieldReader): number {
  let message = 0;
  while (part.more) {
    const code = part.peek();
    if (code === 0 || code === 255) {
      part.u8("Option", named({ 0: "Padding", 255: "End" }));
      if (code === 0) {
        let zeros = 0;
        while (part.peek(zeros) === 0) zeros++;
        part.data("Padding", zeros);
        continue;
      }
      break;
    }
    const [name, show] = OPTIONS[code] ?? ["Option", "hex"];
    part.open(name, (option) => {
      option.u8("Code");
      const length = option.u8("Length");
      if (!option.has(length) || length === 0) return undefined;
      if (code === 53) {
        message = option.peek();
        option.uint(1, "Value", named(MESSAGES));
        option.data("Other bytes", length - 1);
        return MESSAGES[message];
      }
      return decodeValue(option, length, show);
    });
  }
  return message;
}

function decodeValue(option: FieldReader, length: number, show: Show): string {
  const { bytes, at } = option;
  if (show === "text") return option.text("Value", length);
  if (show === "hex" || (show !== "ips" && show !== "list" && length > 6)) {
    return option.hex("Value", length);
  }
  if (show === "number") return String(option.uint(length, "Value"));
  if (show === "seconds") return `${option.uint(length, "Value", (value) => `${value} s`)} s`;
  let value = "";
  if (show === "list") {
    value = [...bytes.subarray(at, at + length)].map((code) => OPTIONS[code]?.[0] ?? code).join(
      ", ",
    );
  } else {
    const addresses: string[] = [];
    for (let i = 0; i + 4 <= length; i += 4) addresses.push(ip4Text(bytes, at + i));
    value = addresses.join(", ");
  }
  option.node("Value", value, at, at + length);
  option.at += length;
  return value;
}
