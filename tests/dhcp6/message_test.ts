import { assertEquals, assertThrows } from "@std/assert";
import { parseCidr } from "../../lib/address/mod.ts";
import {
  decodeMessage,
  Dhcp6FormatError,
  type Dhcp6Message,
  encodeMessage,
} from "../../lib/dhcp6/mod.ts";
import { random } from "./random.ts";

const hex = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

Deno.test("a Solicit message has the bytes of RFC 8415", () => {
  const solicit: Dhcp6Message = {
    type: "solicit",
    transaction: 0xabcdef,
    clientId: Uint8Array.of(0, 3, 0, 1, 2, 0x4e, 0x59, 0, 0, 1),
    elapsed: 0,
    requested: [82],
    associations: [{
      id: 1,
      renewSecs: 0,
      rebindSecs: 0,
      prefixes: [{ prefix: parseCidr("::/56"), preferredSecs: 0, validSecs: 0 }],
    }],
    others: [],
  };
  assertEquals(
    hex(encodeMessage(solicit)),
    "01abcdef" + "0001000a" + "00030001024e59000001" + "000800020000" + "000600020052" +
      "00190029" + "000000010000000000000000" + "001a0019" + "0000000000000000" + "38" +
      "0".repeat(32),
  );
});

Deno.test("10,000 random messages survive encoding and decoding", () => {
  const draw = random(7);
  for (let i = 0; i < 10_000; i++) {
    const message = draw.message();
    assertEquals(decodeMessage(encodeMessage(message)), message);
  }
});

Deno.test("random bytes decode or are refused", () => {
  const draw = random(11);
  let read = 0;
  let refused = 0;
  for (let i = 0; i < 50_000; i++) {
    // A message of which something was changed, cut off or appended gets further than mere noise.
    const bytes = i % 4 === 0 ? draw.bytes(80) : draw.damaged(encodeMessage(draw.message()));
    try {
      const message = decodeMessage(bytes);
      assertEquals(decodeMessage(encodeMessage(message)), message);
      read++;
    } catch (error) {
      if (!(error instanceof Dhcp6FormatError)) throw error;
      refused++;
    }
  }
  // Both ways were taken often: the test would else show nothing.
  assertEquals([read > 5_000, refused > 5_000], [true, true]);
});

Deno.test("bits behind the prefix length are ignored, and impossible lengths are refused", () => {
  const [head, tail] = ["07000001" + "00190029" + "0".repeat(24) + "001a0019", "0".repeat(16)];
  const of = (length: string, address: string) =>
    Uint8Array.from((head + tail + length + address).match(/../g)!, (byte) => parseInt(byte, 16));
  const address = "20010db8ffffffffffffffffffffffff";
  const [{ prefixes: [{ prefix }] }] = decodeMessage(of("20", address)).associations;
  assertEquals(String(prefix), "2001:db8::/32");
  assertThrows(() => decodeMessage(of("81", address)), Dhcp6FormatError, "129");
});

Deno.test("messages between relays are refused", () => {
  for (const type of [0, 12, 13, 255]) {
    assertThrows(() => decodeMessage(Uint8Array.of(type, 0, 0, 0)), Dhcp6FormatError, `${type}`);
  }
});
