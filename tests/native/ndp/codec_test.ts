import { assert, assertEquals } from "@std/assert";
import {
  readNdp,
  type RouterAdvertisement,
  writeAdvertisement,
  writeSolicitation,
} from "../../../native/ndp/codec.ts";

const hex = (bytes: Uint8Array) => bytes.toHex();
const bytes = (text: string) => Uint8Array.fromHex(text.replaceAll(/\s/g, ""));

const PREFIX = bytes("20010db8000100010000000000000000");
const MAC = bytes("024e59000005");

const FULL: RouterAdvertisement = {
  hopLimit: 64,
  managed: false,
  other: true,
  lifetimeSecs: 1800,
  mac: MAC,
  mtu: 1400,
  prefixes: [{
    prefix: PREFIX,
    length: 64,
    onLink: true,
    autonomous: true,
    validSecs: 2_592_000,
    preferredSecs: 604_800,
  }],
  nameservers: { addresses: [bytes("20010db8000000000000000000000053")], lifetimeSecs: 1800 },
};

Deno.test("an advertisement has the bytes of RFC 4861 and RFC 8106", () => {
  assertEquals(
    hex(writeAdvertisement(FULL)),
    hex(bytes(`
      86 00 0000 40 40 0708 00000000 00000000
      01 01 024e59000005
      05 01 0000 00000578
      03 04 40 c0 00278d00 00093a80 00000000 20010db8000100010000000000000000
      19 03 0000 00000708 20010db8000000000000000000000053
    `)),
  );
});

Deno.test("a solicitation has the MAC address of a sender that has an address", () => {
  assertEquals(hex(writeSolicitation()), "8500000000000000");
  assertEquals(hex(writeSolicitation({ mac: MAC })), "85000000000000000101024e59000005");
});

Deno.test("an encoded message is decoded unchanged", () => {
  assertEquals(readNdp(writeAdvertisement(FULL)), { kind: "advertisement", message: FULL });
  const least: RouterAdvertisement = {
    hopLimit: 0,
    managed: true,
    other: false,
    lifetimeSecs: 0,
    prefixes: [],
  };
  assertEquals(readNdp(writeAdvertisement(least)), { kind: "advertisement", message: least });
  for (const message of [{}, { mac: MAC }]) {
    assertEquals(readNdp(writeSolicitation(message)), { kind: "solicitation", message });
  }
});

Deno.test("unknown options are skipped, and an incomplete one makes the message invalid", () => {
  const known = writeSolicitation({ mac: MAC });
  const unknown = bytes("fd 02 000000000000 0000000000000000");
  assertEquals(readNdp(Uint8Array.from([...known.slice(0, 8), ...unknown, ...known.slice(8)])), {
    kind: "solicitation",
    message: { mac: MAC },
  });
  assertEquals(readNdp(Uint8Array.from([...known, 1, 0, 0, 0, 0, 0, 0, 0])), undefined, "length 0");
  assertEquals(readNdp(Uint8Array.from([...known, 1, 2, 0, 0, 0, 0, 0, 0])), undefined, "too long");
  assertEquals(readNdp(Uint8Array.from([...known, 1])), undefined, "half of a header");
  for (let length = 0; length < 8; length++) {
    assertEquals(readNdp(known.slice(0, length)), undefined);
  }
  assertEquals(readNdp(Uint8Array.from([0x85, 1, 0, 0, 0, 0, 0, 0])), undefined, "another code");
  assertEquals(readNdp(Uint8Array.from([0x80, 0, 0, 0, 0, 0, 0, 0])), undefined, "an echo request");
});

Deno.test("random bytes are decoded or refused, and decoded messages survive another round", () => {
  let state = 1;
  const random = () => (state = Math.imul(state, 1_664_525) + 1_013_904_223 >>> 0) >>> 8;
  let read = 0;
  for (let round = 0; round < 20_000; round++) {
    const message = Uint8Array.from({ length: random() % 80 }, () => random() & 0xff);
    // Usually with a valid header.
    if (round % 4) message.set([133 + round % 2, 0].slice(0, message.length));
    if (round % 3 && message.length > 17) message[round % 2 ? 17 : 9] = 1 + random() % 4;
    const result = readNdp(message);
    if (!result) continue;
    read++;
    const again = result.kind === "solicitation"
      ? writeSolicitation(result.message)
      : writeAdvertisement(result.message);
    assertEquals(readNdp(again), result);
  }
  assert(read > 100, `only ${read} were messages`);
});
