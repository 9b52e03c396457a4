import { SECTOR } from "../options/disk_size.ts";
import type { DriveFormat } from "../options/machine_spec.ts";

/** How many bytes of a file are needed to recognize its format. */
export const HEADER_BYTES = 512;

/** The format and size of an image, or why a guest must not get it. */
export type ImageHeader =
  | { format: DriveFormat; size: number }
  | { refused: string };

/** Other formats by the magic of their files, which would be mistaken for raw images. */
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
 * Reads the format of an image from its first bytes. A qcow2 image that names other files of the host,
 * which QEMU would read for it, is refused: the maker of the image chose them, not the user.
 *
 * @param head The first {@linkcode HEADER_BYTES}, or fewer if the file is shorter.
 * @param fileBytes The size of the file.
 * @param requested The format that the caller requests. A qcow2 file as raw is a disk of its bytes.
 *
 * Source: QEMU's docs/interop/qcow2.
 */
export function readImageHeader(
  head: Uint8Array,
  fileBytes: number,
  requested?: DriveFormat,
): ImageHeader {
  const starts = (at: number, magic: string) =>
    [...magic].every((char, i) => head[at + i] === char.charCodeAt(0));
  if (requested === "raw") return raw(fileBytes);
  if (starts(0, "QFI\xfb")) return qcow2(head);
  if (requested === "qcow2") return { refused: "it is not a qcow2 image" };
  const other = OTHERS.find(([, at, magic]) => starts(at, magic));
  if (other) {
    return {
      refused: `it is a ${other[0]} image, but must be raw or qcow2; convert it with ` +
        "`qemu-img convert -O qcow2 FROM TO`",
    };
  }
  return raw(fileBytes);
}

function raw(fileBytes: number): ImageHeader {
  if (fileBytes === 0) return { refused: "it is empty" };
  if (fileBytes % SECTOR !== 0) {
    return {
      refused:
        `it is not a disk image: its ${fileBytes} bytes are not a whole number of sectors of ` +
        `${SECTOR} bytes`,
    };
  }
  return { format: "raw", size: fileBytes };
}

function qcow2(head: Uint8Array): ImageHeader {
  if (head.length < 104) return { refused: "its qcow2 header is incomplete" };
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) {
    return { refused: `it is qcow2 version ${version}, but must be version 2 or 3` };
  }
  if (view.getBigUint64(8) !== 0n) {
    return {
      refused:
        "it has a backing file, and a guest only gets the file of the host that was named; " +
        "merge both into one image with `qemu-img convert -O qcow2 FROM TO`",
    };
  }
  if (version === 3 && view.getBigUint64(72) & DATA_FILE) {
    return {
      refused:
        "it keeps its data in another file, and a guest only gets the file of the host that " +
        "was named; merge both into one image with `qemu-img convert -O qcow2 FROM TO`",
    };
  }
  if (view.getUint32(32) !== 0) return { refused: "it is encrypted" };
  const size = view.getBigUint64(24);
  if (size === 0n || size % BigInt(SECTOR) !== 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) {
    return { refused: `its size of ${size} bytes is not valid for a disk` };
  }
  return { format: "qcow2", size: Number(size) };
}
