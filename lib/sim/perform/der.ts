/**
 * The parts of the DER encoding (ITU-T X.690) that a certificate needs: each value is a tag, the length
 * of its content, and the content.
 */

/** Tags of ITU-T X.680 and X.690. */
export const Tag = {
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  UTC_TIME: 0x17,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** Returns a tag that the surrounding type defines, `[number]`. */
export function contextTag(number: number, isConstructed = false): number {
  return (isConstructed ? 0xa0 : 0x80) | number;
}

/** Returns a value: its tag, its length and its content. */
export function der(tag: number, ...content: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return concatenated([Uint8Array.of(tag), lengthBytes(length), ...content]);
}

export function sequence(...content: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return der(Tag.SEQUENCE, ...content);
}

/** Returns an integer that is not negative, of its bytes from the most significant on. */
export function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  // A first bit of 1 would make it negative.
  return digits[0] >= 0x80 ? der(Tag.INTEGER, Uint8Array.of(0), digits) : der(Tag.INTEGER, digits);
}

/** Returns a bit string of whole bytes. */
export function bitString(bytes: Uint8Array): Uint8Array {
  return der(Tag.BIT_STRING, Uint8Array.of(0), bytes);
}

/** Returns an object identifier in its dotted form, `2.5.4.3`, encoded. */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((number) => {
    const groups = [number & 0x7f];
    while (number > 0x7f) groups.unshift((number >>>= 7) & 0x7f | 0x80);
    return groups;
  });
  return der(Tag.OBJECT_IDENTIFIER, Uint8Array.from(bytes));
}

/** Returns a text in UTF-8. */
export function utf8String(text: string): Uint8Array {
  return der(Tag.UTF8_STRING, new TextEncoder().encode(text));
}

/** Returns a time of the years 1950 to 2049, in whole seconds. */
export function utcTime(time: Date): Uint8Array {
  const digits = time.toISOString().replace(/\.\d+/, "").replace(/[-:T]/g, "").slice(2);
  return der(Tag.UTC_TIME, new TextEncoder().encode(digits));
}

function lengthBytes(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
