import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  CaptureReader,
  Frame,
  interfaceBlock,
  packetBlock,
  readCapture,
  secretsBlock,
  sectionBlock,
  TLS_KEY_LOG,
  writePcapng,
} from "../../lib/packets/mod.ts";
import { hex, random } from "./kit.ts";

/** A pcap file of two packets, in one of the forms. */
function pcap(packets: Uint8Array[], little: boolean, nano: boolean): Uint8Array {
  const bytes = new Uint8Array(packets.reduce((sum, packet) => sum + 16 + packet.length, 24));
  const view = new DataView(bytes.buffer);
  [nano ? 0xa1b23c4d : 0xa1b2c3d4, 2 << 16 | 4, 0, 0, 262144, 113]
    .forEach((word, i) => view.setUint32(i * 4, word, little));
  let at = 24;
  for (const packet of packets) {
    [1_700_000_000, nano ? 999_999_999 : 250_501, packet.length, packet.length + 5]
      .forEach((word, i) => view.setUint32(at + i * 4, word, little));
    bytes.set(packet, at + 16);
    at += 16 + packet.length;
  }
  return bytes;
}

const told = ({ interface: on, seconds, nanos, length, data, direction, comment }: Frame) => ({
  name: on.name,
  time: `${seconds}.${String(nanos).padStart(9, "0")}`,
  length,
  data: data.toHex(),
  direction,
  comment,
});

const A = hex("0102030405");
const B = hex("aabb");

Deno.test("pcap is read in both byte orders, with micro- and nanoseconds", () => {
  for (const little of [true, false]) {
    for (const nano of [true, false]) {
      const file = readCapture(pcap([A, B], little, nano));
      assertEquals(file.fault, undefined);
      assertEquals([file.format, file.interfaces.length], ["pcap", 1]);
      assertEquals(file.interfaces[0].linkType, 113);
      const time = nano ? "1700000000.999999999" : "1700000000.250501000";
      assertEquals(file.frames.map(told), [
        {
          name: undefined,
          time,
          length: 10,
          data: "0102030405",
          direction: undefined,
          comment: undefined,
        },
        {
          name: undefined,
          time,
          length: 7,
          data: "aabb",
          direction: undefined,
          comment: undefined,
        },
      ]);
    }
  }
});

/** A file with two interfaces, comments, directions and secrets. */
function sample(): Uint8Array<ArrayBuffer> {
  return writePcapng({
    section: { comment: "a run" },
    interfaces: [
      { name: "laptop eth0", description: "uplink", linkType: 1 },
      { name: "home wan", linkType: 276, snapLength: 96 },
    ],
    secrets: ["CLIENT_RANDOM 00 11\n"],
    frames: [
      { interface: 0, seconds: 1_700_000_000, nanos: 999_999_999, data: A, direction: "out" },
      { interface: 1, seconds: 1_700_000_001, nanos: 1, data: B, length: 1500, direction: "in" },
      {
        interface: 0,
        seconds: 1_700_000_002,
        nanos: 0,
        data: A,
        comment: "dropped by “home”\u001b[1m",
      },
    ],
  });
}

const SAMPLE = [
  {
    name: "laptop eth0",
    time: "1700000000.999999999",
    length: 5,
    data: "0102030405",
    direction: "out" as const,
    comment: undefined,
  },
  {
    name: "home wan",
    time: "1700000001.000000001",
    length: 1500,
    data: "aabb",
    direction: "in" as const,
    comment: undefined,
  },
  {
    name: "laptop eth0",
    time: "1700000002.000000000",
    length: 5,
    data: "0102030405",
    direction: undefined,
    comment: "dropped by “home”.[1m",
  },
];

Deno.test("pcapng is written and read: interfaces, times, comments, directions, secrets", () => {
  const file = readCapture(sample());
  assertEquals(file.fault, undefined);
  assertEquals(file.format, "pcapng");
  assertEquals(file.interfaces, [
    { index: 0, name: "laptop eth0", description: "uplink", linkType: 1, snapLength: 0 },
    { index: 1, name: "home wan", description: undefined, linkType: 276, snapLength: 96 },
  ]);
  assertEquals(file.frames.map(told), SAMPLE);
  assertEquals(file.frames[0].timeMs, 1_700_000_001_000);
  const [{ type, data }] = file.secrets;
  assertEquals([type, new TextDecoder().decode(data)], [TLS_KEY_LOG, "CLIENT_RANDOM 00 11\n"]);
});

Deno.test("a file may be split anywhere", () => {
  const chance = random(7);
  for (const bytes of [sample(), pcap([A, B, A], true, true)]) {
    const whole = readCapture(bytes).frames.map(told);
    for (let round = 0; round < 200; round++) {
      const reader = new CaptureReader();
      const found: Frame[] = [];
      for (let at = 0; at < bytes.length;) {
        const end = at + Math.floor(chance() * 60);
        found.push(...reader.feed(bytes.subarray(at, end)));
        assert(reader.end <= end);
        at = end;
      }
      assertEquals(reader.finish(), undefined);
      assertEquals(found.map(told), whole);
      assertEquals(reader.end, bytes.length);
    }
  }
});

/** A block in big-endian byte order. */
function bigBlock(type: number, body: string): string {
  const bytes = hex(body).length + 12;
  const word = (value: number) => value.toString(16).padStart(8, "0");
  return word(type) + word(bytes) + body + word(bytes);
}

Deno.test("big-endian sections, other resolutions of time, and unknown blocks are read", () => {
  const section = bigBlock(0x0a0d0d0a, "1a2b3c4d 0001 0000 ffffffffffffffff");
  const on = (options: string) => bigBlock(1, `0001 0000 00000000 ${options} 00000000`);
  const packet = (id: number, high: string, low: string) =>
    bigBlock(6, `0000000${id} ${high} ${low} 00000002 00000002 aabb0000`);
  const bytes = hex(
    section + on("") + on("0009 0001 83000000") + on("0009 0001 0c000000") +
      on("0009 0001 03000000 000e 0008 0000000000000064") +
      bigBlock(0x0bad, "00000000") + packet(0, "00000000", "000f4241") +
      packet(1, "00000000", "0000000c") + packet(2, "000000e8", "d4a51001") +
      packet(3, "00000000", "000003e9") + bigBlock(3, "00000002 aabb0000") +
      bigBlock(2, "0001 0000 00000000 00000008 00000002 00000002 aabb0000"),
  );
  const file = readCapture(bytes);
  assertEquals(file.fault, undefined);
  assertEquals(
    file.frames.map(({ interface: { index }, seconds, nanos }) => [index, seconds, nanos]),
    [
      [0, 1, 1000],
      [1, 1, 500_000_000],
      [2, 1, 0],
      [3, 101, 1_000_000],
      [0, 0, 0],
      [1, 1, 0],
    ],
  );
});

Deno.test("a second section numbers its interfaces anew", () => {
  const file = readCapture(new Uint8Array([...sample(), ...sample()]));
  assertEquals(file.interfaces.map(({ index }) => index), [0, 1, 2, 3]);
  assertEquals(file.frames.map(({ interface: { index } }) => index), [0, 1, 0, 2, 3, 2]);
});

Deno.test("of a file that is cut off, the frames before are there, and a fault says where", () => {
  const bytes = sample();
  const ends = [bytes.length - 75, bytes.length - 39];
  for (const end of ends) {
    const { frames, fault } = readCapture(bytes.subarray(0, end));
    assertMatch(
      fault!.message,
      /^byte \d+: the file ends within what begins here, \d+ bytes later$/,
    );
    assertEquals(frames.map(told), SAMPLE.slice(0, frames.length));
    assert(fault!.offset <= end);
  }
  for (let end = 0; end < bytes.length; end++) {
    const { frames } = readCapture(bytes.subarray(0, end));
    assertEquals(frames.map(told), SAMPLE.slice(0, frames.length));
  }
});

Deno.test("of a damaged file, the frames before are there, and a fault says where and what", () => {
  const faults = (bytes: Uint8Array) => {
    const { frames, fault } = readCapture(bytes);
    return [frames.length, fault?.message];
  };
  const head = [sectionBlock(), interfaceBlock({ linkType: 1 })].flatMap((part) => [...part]);
  const one = packetBlock({ interface: 0, seconds: 1, nanos: 0, data: A });
  const at = head.length + one.length;
  const after = (change: (block: DataView) => void) => {
    const block = one.slice();
    change(new DataView(block.buffer));
    return faults(Uint8Array.from([...head, ...one, ...block, ...one]));
  };
  assertEquals(after((b) => b.setUint32(4, 3, true)), [
    1,
    `byte ${at}: a block of 3 bytes, where 12 is the least`,
  ]);
  assertEquals(after((b) => b.setUint32(4, 0xfffffff0, true)), [
    1,
    `byte ${at}: a block of 4294967280 bytes, where 16777216 is the most`,
  ]);
  assertEquals(after((b) => b.setUint32(4, 41, true)), [
    1,
    `byte ${at}: a block of 41 bytes, which is no multiple of 4`,
  ]);
  assertEquals(after((b) => b.setUint32(8, 7, true)), [
    1,
    `byte ${at}: a packet of interface 7, where the section has 1`,
  ]);
  assertEquals(after((b) => b.setUint32(20, 700, true)), [
    1,
    `byte ${at}: a packet of 700 bytes in a block with 8`,
  ]);
  assertEquals(after((b) => b.setUint32(20, 0x7fffffff, true)), [
    1,
    `byte ${at}: a packet of 2147483647 bytes, where 262144 is the most`,
  ]);
  assertEquals(after((b) => b.setUint32(36, 5, true)), [
    1,
    `byte ${at}: a block of 40 bytes, whose end says 5`,
  ]);
  const ancient = pcap([A, B], true, false);
  new DataView(ancient.buffer).setUint32(24 + 21 + 8, 300_000, true);
  assertEquals(faults(ancient), [1, "byte 45: a packet of 300000 bytes, where 262144 is the most"]);
  assertEquals(faults(new Uint8Array(30)), [
    0,
    "byte 0: 00000000 is how neither pcap nor pcapng begins",
  ]);
  assertEquals(faults(new Uint8Array()), [0, "byte 0: the file is empty"]);
});

Deno.test("random damage ends in frames and perhaps a fault, never in an exception", () => {
  const chance = random(5);
  const good = sample();
  for (let round = 0; round < 3000; round++) {
    const bytes = good.slice(0, Math.floor(good.length * (0.5 + chance())));
    for (let i = 0; i < 4; i++) bytes[Math.floor(chance() * bytes.length)] = chance() * 256;
    const { frames, fault } = readCapture(bytes);
    assert(frames.length <= 3);
    if (fault) assert(fault.offset >= 0 && fault.offset <= bytes.length);
  }
});

Deno.test("what no reader would take is not written", () => {
  const frames = [{ interface: 1, seconds: 0, nanos: 0, data: A }];
  assertThrows(
    () => writePcapng({ interfaces: [{ linkType: 1 }], frames }),
    RangeError,
    "a frame of interface 1 cannot be written: there are 1",
  );
  const data = new Uint8Array(262_145);
  assertThrows(
    () => packetBlock({ interface: 0, seconds: 0, nanos: 0, data }),
    RangeError,
    "a frame of 262145 bytes cannot be written: 262144 is the most",
  );
});

Deno.test("tshark reads what is written: interfaces, times, comments", async () => {
  const data = hex(
    "ffffffffffff 020000000001 0806 0001080006040001020000000001 0a000001 000000000000 0a000002",
  );
  const path = await Deno.makeTempFile({ suffix: ".pcapng" });
  try {
    await Deno.writeFile(
      path,
      writePcapng({
        interfaces: [{ name: "laptop eth0", linkType: 1 }, { name: "home wan", linkType: 1 }],
        secrets: ["# nothing\n"],
        frames: [
          { interface: 0, seconds: 1_700_000_000, nanos: 123_456_789, data, comment: "first" },
          { interface: 1, seconds: 1_700_000_001, nanos: 5, data, length: 60 },
        ],
      }),
    );
    const fields = ["frame.interface_name", "frame.time_epoch", "frame.len", "frame.comment"];
    const { success, stdout } = await new Deno.Command("tshark", {
      args: ["-r", path, "-T", "fields", ...fields.flatMap((field) => ["-e", field])],
      stderr: "null",
    }).output();
    assert(success);
    assertEquals(new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.trim()), [
      "laptop eth0\t1700000000.123456789\t42\tfirst",
      "home wan\t1700000001.000000005\t60",
    ]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a key log of its own block is a block of secrets", () => {
  const bytes = new Uint8Array([...sectionBlock(), ...secretsBlock("abc")]);
  assertEquals(new TextDecoder().decode(readCapture(bytes).secrets[0].data), "abc");
});
