import { isElf } from "./elf.ts";
import { BootFilesError } from "./errors.ts";
import { LZ4_LEGACY_MAGIC, unpackLz4Legacy } from "./lz4.ts";

// Documentation/arch/x86/boot.rst, "The real-mode kernel header".
const SETUP_SECTORS = 0x1f1;
const HEADER_MAGIC = 0x202;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_SIZE = 0x24c;
const SECTOR = 512;

/**
 * Extracts the kernel as an ELF file (`vmlinux`), so that the guest does not spend time on it.
 *
 * @param image The content of a `vmlinuz` file (x86 "bzImage").
 * @returns The kernel inside; the image itself if it is not compressed with LZ4, which boots as well.
 * @throws {BootFilesError} If the bytes are not a kernel for x86.
 */
export function vmlinux(image: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (
    image.length < 1024 || new TextDecoder().decode(image.subarray(HEADER_MAGIC, 0x206)) !== "HdrS"
  ) {
    throw new BootFilesError("the kernel's image is not a bzImage: it has no such header");
  }
  const start = ((image[SETUP_SECTORS] || 4) + 1) * SECTOR + view.getUint32(PAYLOAD_OFFSET, true);
  // The last four bytes are the uncompressed size.
  const end = start + view.getUint32(PAYLOAD_SIZE, true) - 4;
  if (end > image.length) throw new BootFilesError("the kernel's image is truncated");
  if (view.getUint32(start, true) !== LZ4_LEGACY_MAGIC) return image;
  const kernel = unpackLz4Legacy(image.subarray(start, end));
  const size = view.getUint32(end, true);
  if (!isElf(kernel) || kernel.length !== size) {
    throw new BootFilesError(
      `the kernel's image decompressed to ${kernel.length} bytes, but must be an ELF file of ${size}`,
    );
  }
  return kernel;
}
