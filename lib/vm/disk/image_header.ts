import { SECTOR } from "../options/disk_size.ts";
import type { DriveFormat } from "../options/machine_spec.ts";

/** How many bytes of a file tell what image it is. */
export const HEADER_BYTES = 512;

/** What an image is, or why it is none that a guest gets. */
export type ImageHeader =
  | { format: DriveFormat; size: number }
  | { refused: string };

/** Formats that a raw image would be mistaken for, by how their files begin. */
const OTHERS: readonly [name: string, at: number, magic: string][] = [
  ["VMDK", 0, "KDMV"],
  ["VMDK", 0, "COWD"],
  ["VMDK", 0, "# Disk DescriptorFile"],
  ["VHDX", 0, "vhdxfile"],
  ["VHD", 0, "conectix"],
  ["VDI", 64, "\x7f\x10\xda\xbe"],
  ["QED", 0, "QED\0"],
  ["LUKS", 0, "LUKS\xba\xbe"],
  ["Parallels", 0, "WithoutFreeSpace"],
  ["Parallels", 0, "WithouFreSpacExt"],
];

const DATA_FILE = 1n << 2n;

/**
 * Tells the format of an image by its first bytes. A qcow2 image can name other files of the host that
 * QEMU would read for it; whoever made the image chose them, and so it is refused.
 *
 * @param head The first {@linkcode HEADER_BYTES}, or all that there is.
 * @param fileBytes How large the file is.
 * @param wanted What the caller says that it is. A qcow2 file as raw is as many sectors as it has.
 *
 * Source: QEMU's docs/interop/qcow2.
 */
export function readImageHeader(
  head: Uint8Array,
  fileBytes: number,
  wanted?: DriveFormat,
): ImageHeader {
  const starts = (at: number, magic: string) =>
    [...magic].every((char, i) => head[at + i] === char.charCodeAt(0));
  if (wanted === "raw") return raw(fileBytes);
  if (starts(0, "QFI\xfb")) return qcow2(head);
  if (wanted === "qcow2") return { refused: "it is no qcow2 image" };
  const other = OTHERS.find(([, at, magic]) => starts(at, magic));
  if (other) {
    return {
      refused: `it is a ${other[0]} image, and must be raw or qcow2; convert it by ` +
        "`qemu-img convert -O qcow2 FROM TO`",
    };
  }
  return raw(fileBytes);
}

function raw(fileBytes: number): ImageHeader {
  if (fileBytes === 0) return { refused: "it is empty" };
  if (fileBytes % SECTOR !== 0) {
    return {
      refused: `it is no disk image: its ${fileBytes} bytes are no whole number of sectors of ` +
        `${SECTOR}`,
    };
  }
  return { format: "raw", size: fileBytes };
}

function qcow2(head: Uint8Array): ImageHeader {
  if (head.length < 104) return { refused: "its qcow2 header is not whole" };
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) {
    return { refused: `it is qcow2 of version ${version}, and must be of version 2 or 3` };
  }
  if (view.getBigUint64(8) !== 0n) {
    return {
      refused: "it has a backing file, and a guest gets no file of the host but the one that was " +
        "given; make one image of both by `qemu-img convert -O qcow2 FROM TO`",
    };
  }
  if (version === 3 && view.getBigUint64(72) & DATA_FILE) {
    return {
      refused: "it keeps its data in another file, and a guest gets no file of the host but the " +
        "one that was given; make one image of both by `qemu-img convert -O qcow2 FROM TO`",
    };
  }
  if (view.getUint32(32) !== 0) return { refused: "it is encrypted" };
  const size = view.getBigUint64(24);
  if (size === 0n || size % BigInt(SECTOR) !== 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) {
    return { refused: `its size of ${size} bytes is none that a disk has` };
  }
  return { format: "qcow2", size: Number(size) };
}
