import { assert, assertEquals, assertThrows } from "@std/assert";
import { vmlinux } from "../../../lib/vm/tiny/bzimage.ts";
import { cpio } from "../../../lib/vm/tiny/cpio.ts";
import { elfDependencies, elfSection, isElf } from "../../../lib/vm/tiny/elf.ts";
import { BootFilesError } from "../../../lib/vm/tiny/errors.ts";
import { GuestTree } from "../../../lib/vm/tiny/guest_tree.ts";
import { unpackLz4Block, unpackLz4Legacy } from "../../../lib/vm/tiny/lz4.ts";
import { reseedElf, reseedInput } from "../../../lib/vm/tiny/reseed_elf.ts";
import { elfWith } from "./elf_file.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a cpio archive has each file after its header, padded to four bytes", () => {
  const archive = cpio([
    { path: "dev", mode: 0o040755 },
    { path: "dev/console", mode: 0o020600, device: [5, 1] },
    { path: "init", mode: 0o100755, data: bytes("hello") },
    { path: "sh", mode: 0o120777, data: bytes("init") },
  ]);
  const header = (...fields: string[]) => "070701" + fields.map((f) => f.padStart(8, "0")).join("");
  assertEquals(
    text(archive),
    header("1", "41ed", "0", "0", "2", "0", "0", "0", "0", "0", "0", "4", "0") + "dev\0\0\0" +
      header("2", "2180", "0", "0", "1", "0", "0", "0", "0", "5", "1", "c", "0") +
      "dev/console\0\0\0" +
      header("3", "81ed", "0", "0", "1", "0", "5", "0", "0", "0", "0", "5", "0") + "init\0\0" +
      "hello\0\0\0" +
      header("4", "a1ff", "0", "0", "1", "0", "4", "0", "0", "0", "0", "3", "0") + "sh\0\0\0\0" +
      "init" +
      header("0", "0", "0", "0", "1", "0", "0", "0", "0", "0", "0", "b", "0") +
      "TRAILER!!!\0\0\0\0",
  );
  assertEquals(archive.length % 4, 0);
});

Deno.test("a guest's tree has directories before their content, and the last of two files of one path", () => {
  const tree = new GuestTree();
  tree.file("usr/bin/ip", "one");
  tree.link("bin", "usr/bin");
  tree.file("usr/bin/ip", "two");
  tree.directory("root", 0o700);
  assertEquals(
    tree.entries().map(({ path, mode, data }) => [path, mode.toString(8), text(data ?? bytes(""))]),
    [
      ["bin", "120777", "usr/bin"],
      ["root", "40700", ""],
      ["usr", "40755", ""],
      ["usr/bin", "40755", ""],
      ["usr/bin/ip", "100755", "two"],
    ],
  );
});

Deno.test("an LZ4 match repeats earlier output, also overlapping itself", () => {
  // Three literals, nine bytes from three back, then the last literals.
  const block = Uint8Array.of(0x35, 0x61, 0x62, 0x63, 3, 0, 0x20, 0x78, 0x79);
  assertEquals(text(unpackLz4Block(block, 100)), "abcabcabcabcxy");
});

Deno.test("an LZ4 block of random runs decompresses to the original", () => {
  const random = generator(7);
  for (let round = 0; round < 50; round++) {
    const plain = new Uint8Array(Math.floor(random() * 20_000));
    for (let i = 0; i < plain.length;) { // runs of few letters, as long as lengths need more bytes
      const letter = Math.floor(random() * 4);
      for (let n = Math.floor(random() ** 4 * 800); n >= 0 && i < plain.length; n--) {
        plain[i++] = random() < 0.02 ? Math.floor(random() * 256) : letter;
      }
    }
    assertEquals(unpackLz4Block(pack(plain), plain.length), plain);
  }
});

Deno.test("damaged LZ4 data is refused, and nothing is read beyond it", () => {
  const refused = (block: number[], limit = 100) =>
    assertThrows(() => unpackLz4Block(Uint8Array.from(block), limit), BootFilesError, "LZ4");
  refused([0x30, 1, 2]); // fewer literals than said
  refused([0x30, 1, 2, 3], 2); // more than there is room for
  refused([0x10, 1, 2, 0]); // a match from before the beginning
  refused([0x10, 1, 0, 0]); // a match from nowhere
  refused([0x1f, 1, 1, 0, 255]); // a length that does not end
  refused([0x10, 1, 1]); // half a distance
  assertThrows(() => unpackLz4Legacy(bytes("none of this")), BootFilesError, "magic");
  assertThrows(() => unpackLz4Legacy(legacy([9, 9, 9], 4)), BootFilesError, "truncated");
  assertEquals(unpackLz4Legacy(legacy([0x20, 7, 8])), Uint8Array.of(7, 8));
});

Deno.test("the kernel is extracted from its image, unless that has another compression", () => {
  const kernel = elfWith({ ".text": "kernel" });
  const image = bzImage(legacy([...pack(kernel)]), kernel.length);
  assertEquals(vmlinux(image), kernel as Uint8Array<ArrayBuffer>);
  const otherwise = bzImage(bytes("(\xb5/\xfd other packing"), 99);
  assert(vmlinux(otherwise) === otherwise);
  assertThrows(() => vmlinux(new Uint8Array(4096)), BootFilesError, "not a bzImage");
  assertThrows(() => vmlinux(image.slice(0, -8)), BootFilesError, "truncated");
  assertThrows(
    () => vmlinux(bzImage(legacy([...pack(kernel)]), 5)),
    BootFilesError,
    `decompressed to ${kernel.length} bytes, but must be an ELF file of 5`,
  );
});

Deno.test("sections, libraries and loader of an ELF file are read", () => {
  const file = elfWith({ ".text": "code", ".modinfo": "name=x\0" });
  assert(isElf(file) && !isElf(bytes("#!/bin/sh")));
  assertEquals(text(elfSection(file, ".modinfo")!), "name=x\0");
  assertEquals(elfSection(file, ".data"), undefined);
  assertEquals(elfDependencies(file), { libraries: [], loader: undefined });
  const { libraries, loader } = elfDependencies(Deno.readFileSync(Deno.execPath()));
  assert(libraries.includes("libc.so.6"), `libraries: ${libraries}`);
  assert(loader?.includes("/ld-linux"), `loader: ${loader}`);
});

Deno.test("the reseed program is exactly these bytes", () => {
  const file = reseedElf();
  assert(file.length < 300);
  assertEquals(
    file.toHex(),
    // the ELF header and one program header
    "7f454c46020101000000000000000000" + "02003e00010000007800400000000000" +
      "40000000000000000000000000000000" + "00000000400038000100000000000000" +
      "01000000050000000000000000000000" + "00004000000000000000400000000000" +
      "e800000000000000e800000000000000" + "0010000000000000" +
      // read, open, two ioctls, exit
      "4883ec5031ff4889e6ba4800000031c00f0585c0784283f8487407b8eaffffffeb36" +
      "488d3d3a000000be02000000b8020000000f0585c0781f" +
      "89c7be03520840" + "4889e26a10580f0585c0780c" + "be07520000b8100000000f05" +
      "f7d889c7b83c0000000f05" +
      "2f6465762f7572616e646f6d00", // /dev/urandom
  );
});

Deno.test("the input of the reseed program declares its entropy", () => {
  const random = Uint8Array.from({ length: 64 }, (_, i) => i);
  const input = reseedInput(random);
  assertEquals([...input.subarray(0, 8)], [0, 2, 0, 0, 64, 0, 0, 0]);
  assertEquals(input.subarray(8), random);
});

/** Returns a stream of the legacy format with one block. */
function legacy(block: number[], missing = 0): Uint8Array<ArrayBuffer> {
  const size = block.length + missing;
  return Uint8Array.of(2, 0x21, 0x4c, 0x18, size & 255, size >> 8 & 255, size >> 16, 0, ...block);
}

/** Returns a minimal image: the header, a setup of one sector, and the payload. */
function bzImage(payload: Uint8Array, unpackedSize: number): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(1024 + payload.length + 4);
  const view = new DataView(image.buffer);
  image[0x1f1] = 1;
  image.set(bytes("HdrS"), 0x202);
  view.setUint32(0x24c, payload.length + 4, true);
  image.set(payload, 1024);
  view.setUint32(1024 + payload.length, unpackedSize, true);
  return image;
}

/** Compresses greedily: slow, but short enough to be obviously right. */
function pack(plain: Uint8Array): Uint8Array {
  const out: number[] = [];
  const long = (length: number) => {
    if (length < 15) return;
    for (length -= 15; length >= 255; length -= 255) out.push(255);
    out.push(length);
  };
  const nibble = (length: number) => Math.min(length, 15);
  const seen = new Map<number, number>();
  let literal = 0;
  for (let at = 0; at + 4 < plain.length;) {
    const key = plain[at] | plain[at + 1] << 8 | plain[at + 2] << 16 | plain[at + 3] << 24;
    const from = seen.get(key);
    seen.set(key, at);
    let length = 0;
    if (from !== undefined) {
      while (at + length < plain.length - 5 && plain[from + length] === plain[at + length]) {
        length++;
      }
    }
    if (length < 4) {
      at++;
      continue;
    }
    const distance = at - from!;
    out.push(nibble(at - literal) << 4 | nibble(length - 4));
    long(at - literal);
    out.push(...plain.subarray(literal, at), distance & 255, distance >> 8);
    long(length - 4);
    at += length;
    literal = at;
  }
  out.push(nibble(plain.length - literal) << 4);
  long(plain.length - literal);
  out.push(...plain.subarray(literal));
  return Uint8Array.from(out);
}

/** Returns a generator of the same random numbers from 0 to 1 each time (mulberry32). */
function generator(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
}
