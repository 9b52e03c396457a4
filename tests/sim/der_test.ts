import { assertEquals } from "@std/assert";
import {
  bitString,
  contextTag,
  der,
  integer,
  objectIdentifier,
  sequence,
  Tag,
  utcTime,
  utf8String,
} from "../../lib/sim/perform/der.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

Deno.test("values are encoded as X.690 says", () => {
  const cases: [Uint8Array, string][] = [
    [integer(bytes("02")), "02 01 02"],
    [integer(bytes("0000")), "02 01 00"],
    [integer(bytes("0080")), "02 02 00 80"],
    [integer(bytes("ff01")), "02 03 00 ff 01"],
    [objectIdentifier("2.5.29.17"), "06 03 55 1d 11"],
    [objectIdentifier("1.2.840.10045.4.3.2"), "06 08 2a 86 48 ce 3d 04 03 02"],
    [utf8String("ü"), "0c 02 c3 bc"],
    [utcTime(new Date("2026-01-02T03:04:05.678Z")), "17 0d 32 36 30 31 30 32 30 33 30 34 30 35 5a"],
    [bitString(bytes("aa")), "03 02 00 aa"],
    [sequence(integer(bytes("01")), der(contextTag(2), bytes("61"))), "30 06 02 01 01 82 01 61"],
    [der(contextTag(3, true), sequence()), "a3 02 30 00"],
  ];
  for (const [encoded, expected] of cases) assertEquals(encoded, bytes(expected), expected);
});

Deno.test("lengths from 128 on are written with their own length", () => {
  const headOf = (length: number) => {
    const encoded = der(Tag.OCTET_STRING, new Uint8Array(length));
    assertEquals(encoded.subarray(encoded.length - length), new Uint8Array(length));
    return encoded.subarray(0, encoded.length - length).toHex();
  };
  assertEquals(
    [0, 127, 128, 255, 256, 65_536].map(headOf),
    ["0400", "047f", "048180", "0481ff", "04820100", "0483010000"],
  );
});
