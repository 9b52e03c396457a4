import { endpointText, hexText, ip4Text, ip6Text } from "../headers/address_text.ts";
import { type FieldReader, hexed, named } from "../network/reader.ts";

const METHODS: Readonly<Record<number, string>> = {
  1: "Binding",
  3: "Allocate",
  4: "Refresh",
  6: "Send",
  7: "Data",
  8: "Create Permission",
  9: "Channel Bind",
};

const CLASSES = ["Request", "Indication", "Success Response", "Error Response"] as const;

const ATTRIBUTES: Readonly<Record<number, string>> = {
  0x0001: "MAPPED-ADDRESS",
  0x0003: "CHANGE-REQUEST",
  0x0006: "USERNAME",
  0x0008: "MESSAGE-INTEGRITY",
  0x0009: "ERROR-CODE",
  0x000a: "UNKNOWN-ATTRIBUTES",
  0x000c: "CHANNEL-NUMBER",
  0x000d: "LIFETIME",
  0x0012: "XOR-PEER-ADDRESS",
  0x0013: "DATA",
  0x0014: "REALM",
  0x0015: "NONCE",
  0x0016: "XOR-RELAYED-ADDRESS",
  0x0019: "REQUESTED-TRANSPORT",
  0x001c: "MESSAGE-INTEGRITY-SHA256",
  0x0020: "XOR-MAPPED-ADDRESS",
  0x0024: "PRIORITY",
  0x0025: "USE-CANDIDATE",
  0x8022: "SOFTWARE",
  0x8023: "ALTERNATE-SERVER",
  0x8028: "FINGERPRINT",
  0x8029: "ICE-CONTROLLED",
  0x802a: "ICE-CONTROLLING",
  0x802b: "RESPONSE-ORIGIN",
  0x802c: "OTHER-ADDRESS",
};

const PLAIN: readonly number[] = [0x0001, 0x8023, 0x802b, 0x802c];
const XORED: readonly number[] = [0x0012, 0x0016, 0x0020];
const TEXTS: readonly number[] = [0x0006, 0x0014, 0x0015, 0x8022];
/** Attributes that the line about a message shows. */
const SHOWN: readonly number[] = [0x0001, 0x0009, 0x0012, 0x0016, 0x0020];

/**
 * Reads a STUN message, and returns one line about it.
 *
 * Source: RFC 8489 5 and 14, RFC 8656, RFC 8445.
 */
export function decodeStun(part: FieldReader): string {
  const message = part.at;
  const bits = part.u16("Type", hexed(4));
  const length = part.u16("Length");
  part.u32("Magic cookie", hexed(8));
  part.hex("Transaction ID", 12);
  // The two bits of the class stand between those of the method.
  const method = bits & 0xf | bits >> 1 & 0x70 | bits >> 2 & 0xf80;
  const name = `${METHODS[method] ?? `Method ${method}`} ${CLASSES[bits >> 4 & 1 | bits >> 7 & 2]}`;
  const said: string[] = [];
  if (part.isCut) return name;
  if (length > 0) {
    part.group("Attributes", length, (attributes) => {
      while (attributes.more) {
        const type = attributes.bytes[attributes.at] << 8 | Math.max(0, attributes.peek(1));
        attributes.open(ATTRIBUTES[type] ?? "Attribute", (attribute) => {
          attribute.u16("Type", named(ATTRIBUTES, hexed(4)));
          const bytes = attribute.u16("Length");
          let value: string | undefined;
          if (bytes > 0) {
            attribute.group(
              "Value",
              bytes,
              (content) => value = decodeValue(content, type, message),
            );
          }
          // Some do not pad the last one.
          attribute.data("Padding", Math.min(attribute.left, -bytes & 3));
          if (value && SHOWN.includes(type)) said.push(`${ATTRIBUTES[type]}: ${value}`);
          return value;
        });
      }
    });
  }
  part.rest("Other bytes");
  return said.length > 0 ? `${name} ${said.slice(0, 4).join(" ")}` : name;
}

function decodeValue(content: FieldReader, type: number, message: number): string | undefined {
  const all = content.left;
  if (PLAIN.includes(type)) return decodeAddress(content, undefined);
  if (XORED.includes(type)) return decodeAddress(content, message + 4);
  if (TEXTS.includes(type)) return content.text("Text", all);
  if (type === 0x0009) {
    content.hex("Reserved", 2);
    const code = content.u8("Class") * 100 + content.u8("Number");
    return content.more ? `${code} ${content.text("Reason", content.left)}` : String(code);
  }
  if (type === 0x000d) return `${content.u32("Lifetime", (value) => `${value} s`)} s`;
  if (type === 0x0024) return String(content.u32("Priority"));
  return all > 0 ? content.hex("Content", all) : undefined;
}

/** An address and port; of XOR attributes, combined with the cookie and the transaction. */
function decodeAddress(content: FieldReader, xorAt: number | undefined): string | undefined {
  content.u8("Reserved");
  const family = content.u8("Family", named({ 1: "IPv4", 2: "IPv6" }));
  const size = family === 1 ? 4 : 16;
  if ((family !== 1 && family !== 2) || !content.has(2 + size)) return undefined;
  const { bytes, at } = content;
  const key = (index: number) => xorAt === undefined ? 0 : bytes[xorAt + index];
  const port = (bytes[at] ^ key(0)) << 8 | bytes[at + 1] ^ key(1);
  const raw = new Uint8Array(size);
  for (let i = 0; i < size; i++) raw[i] = bytes[at + 2 + i] ^ key(i);
  const address = family === 1 ? ip4Text(raw, 0) : ip6Text(raw, 0);
  content.node("Port", String(port), at, at + 2);
  content.node("Address", address, at + 2, at + 2 + size);
  content.at += 2 + size;
  return endpointText(address, port);
}

/** The transaction of a message as digits, by which requests and responses belong together. */
export function stunTransaction(bytes: Uint8Array, at: number): string {
  return hexText(bytes, at + 8, at + 20);
}
