import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { diskBytes } from "../../../lib/vm/options/disk_size.ts";
import { DiskError } from "../../../lib/vm/options/errors.ts";
import { readImageHeader } from "../../../lib/vm/disk/image_header.ts";

const MIB = 2 ** 20;

function qcow2(change: (view: DataView) => void = () => {}): Uint8Array {
  const view = new DataView(new ArrayBuffer(512));
  view.setUint32(0, 0x514649fb);
  view.setUint32(4, 3);
  view.setBigUint64(24, BigInt(MIB));
  change(view);
  return new Uint8Array(view.buffer);
}

Deno.test("the format of an image follows from its first bytes, unless the caller names it", () => {
  const plain = new Uint8Array(512);
  assertEquals(readImageHeader(plain, 2 * MIB), { format: "raw", size: 2 * MIB });
  assertEquals(readImageHeader(qcow2(), 196_616), { format: "qcow2", size: MIB });
  assertEquals(readImageHeader(qcow2(), 196_608, "raw"), { format: "raw", size: 196_608 });
});

const REFUSED: [what: string, head: Uint8Array, bytes: number, says: string][] = [
  ["nothing", new Uint8Array(), 0, "it is empty"],
  ["half a sector", new Uint8Array(512), 700, "its 700 bytes are not a whole number of sectors"],
  [
    "a VMDK",
    new TextEncoder().encode("KDMV".padEnd(512)),
    MIB,
    "convert it with `qemu-img convert",
  ],
  ["a qcow2 that is cut", qcow2().subarray(0, 50), 50, "its qcow2 header is incomplete"],
  ["a backing file", qcow2((v) => v.setBigUint64(8, 504n)), MIB, "it has a backing file"],
  ["a data file", qcow2((v) => v.setBigUint64(72, 4n)), MIB, "it keeps its data in another file"],
  ["encryption", qcow2((v) => v.setUint32(32, 2)), MIB, "it is encrypted"],
  ["version 1", qcow2((v) => v.setUint32(4, 1)), MIB, "qcow2 version 1"],
  ["no size", qcow2((v) => v.setBigUint64(24, 0n)), MIB, "its size of 0 bytes"],
];

for (const [what, head, bytes, says] of REFUSED) {
  Deno.test(`an image is refused: ${what}`, () => {
    const found = readImageHeader(head, bytes);
    assertStringIncludes("refused" in found ? found.refused : "", says);
  });
}

Deno.test("an image that is requested as qcow2 must be qcow2", () => {
  assertEquals(readImageHeader(new Uint8Array(512), MIB, "qcow2"), {
    refused: "it is not a qcow2 image",
  });
});

Deno.test("the size of a disk is a whole number of sectors", () => {
  assertEquals(diskBytes("64M", "x"), 64 * MIB);
  assertEquals(diskBytes("1.5K", "x"), 1536);
  assertEquals(diskBytes(1024, "x"), 1024);
  for (const bad of [0, -512, NaN, "0M", "12", "much", "-1M", 2 ** 60]) {
    assertThrows(() => diskBytes(bad, "x"), DiskError, "must be a size such as");
  }
  assertThrows(
    () => diskBytes(1000, "nas.attachDisk()"),
    DiskError,
    'nas.attachDisk(): "size" is 1000, but must be a multiple of 512 bytes, a sector: use 1024',
  );
});
