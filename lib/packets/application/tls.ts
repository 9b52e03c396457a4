import type { Headers } from "../headers/headers.ts";
import { type FieldReader, hexed, named } from "../network/reader.ts";
import { decodeHello } from "./tls_hello.ts";
import { TLS_VERSIONS } from "./tls_names.ts";

const RECORDS: Readonly<Record<number, string>> = {
  20: "Change Cipher Spec",
  21: "Alert",
  22: "Handshake",
  23: "Application Data",
  24: "Heartbeat",
};

const HANDSHAKES: Readonly<Record<number, string>> = {
  0: "Hello Request",
  1: "Client Hello",
  2: "Server Hello",
  4: "New Session Ticket",
  5: "End of Early Data",
  8: "Encrypted Extensions",
  11: "Certificate",
  12: "Server Key Exchange",
  13: "Certificate Request",
  14: "Server Hello Done",
  15: "Certificate Verify",
  16: "Client Key Exchange",
  20: "Finished",
  22: "Certificate Status",
  24: "Key Update",
};

const ALERTS: Readonly<Record<number, string>> = {
  0: "Close Notify",
  10: "Unexpected Message",
  20: "Bad Record MAC",
  22: "Record Overflow",
  40: "Handshake Failure",
  42: "Bad Certificate",
  43: "Unsupported Certificate",
  44: "Certificate Revoked",
  45: "Certificate Expired",
  46: "Certificate Unknown",
  47: "Illegal Parameter",
  48: "Unknown CA",
  49: "Access Denied",
  50: "Decode Error",
  51: "Decrypt Error",
  70: "Protocol Version",
  71: "Insufficient Security",
  80: "Internal Error",
  86: "Inappropriate Fallback",
  90: "User Canceled",
  109: "Missing Extension",
  110: "Unsupported Extension",
  112: "Unrecognized Name",
  116: "Certificate Required",
  120: "No Application Protocol",
};

const LEVELS: Readonly<Record<number, string>> = { 1: "Warning", 2: "Fatal" };

/** As many records does the line about a segment name. */
const RECORDS_SHOWN = 6;

/** Whether a record begins here. */
function isRecord(part: FieldReader): boolean {
  return part.left >= 5 && RECORDS[part.peek()] !== undefined && part.peek(1) === 3;
}

/**
 * Reads the TLS records of a segment, and returns one line about them. What continues in other
 * segments is not put together.
 *
 * Source: RFC 8446 5 and 4, RFC 5246.
 */
export function decodeTls(part: FieldReader): string {
  const said: string[] = [];
  // Whether the messages after it are encrypted.
  let isSecret = false;
  while (isRecord(part)) {
    part.open("Record", (record) => {
      const type = record.u8("Type", named(RECORDS));
      record.u16("Version", named(TLS_VERSIONS, hexed(4)));
      const length = record.u16("Length");
      let text = RECORDS[type];
      record.group("Content", length, (content) => {
        if (type === 22) text = isSecret ? encrypted(content) : decodeHandshakes(content);
        else if (type === 21) text = decodeAlert(content);
        else content.rest(RECORDS[type]);
      });
      isSecret ||= type === 20;
      said.push(text);
      return text;
    });
  }
  part.rest("Rest of a record");
  const shown = said.slice(0, RECORDS_SHOWN).join(", ");
  return said.length > RECORDS_SHOWN ? `${shown} and ${said.length - RECORDS_SHOWN} more` : shown;
}

function encrypted(content: FieldReader): string {
  content.rest("Encrypted message");
  return "Encrypted Handshake Message";
}

function decodeHandshakes(content: FieldReader): string {
  const said: string[] = [];
  while (content.more && said.length < RECORDS_SHOWN) {
    const type = content.peek();
    const name = HANDSHAKES[type];
    // What is encrypted has no such beginning, save by chance.
    if (name === undefined || content.left >= 4 && content.peek(1) > 1) {
      said.push(encrypted(content));
      break;
    }
    content.open(name, (message) => {
      message.u8("Type", named(HANDSHAKES));
      const length = message.uint(3, "Length");
      let more = "";
      message.group("Message", length, (body) => {
        if (type === 1 || type === 2) more = decodeHello(body, type === 1);
        else body.rest("Content");
      });
      said.push(more ? `${name} (${more})` : name);
      return more;
    });
  }
  return said.join(", ");
}

function decodeAlert(content: FieldReader): string {
  if (content.left !== 2) {
    content.rest("Encrypted alert");
    return "Encrypted Alert";
  }
  const level = content.u8("Level", named(LEVELS));
  const description = content.u8("Description", named(ALERTS));
  return `Alert (Level: ${LEVELS[level] ?? level}, Description: ${
    ALERTS[description] ?? description
  })`;
}

/** The line about a segment that has nothing but application data, which most are; else undefined. */
export function tlsDataInfo({ bytes, payloadAt, payloadEnd }: Headers): string | undefined {
  let records = 0;
  for (let at = payloadAt; at < payloadEnd; records++) {
    if (bytes[at] !== 23 || at + 5 > payloadEnd || bytes[at + 1] !== 3) {
      if (records === 0) return undefined;
      break;
    }
    at += 5 + (bytes[at + 3] << 8 | bytes[at + 4]);
  }
  if (records > RECORDS_SHOWN) return undefined;
  return records === 1
    ? "Application Data"
    : Array.from({ length: records }, () => "Application Data").join(", ");
}
