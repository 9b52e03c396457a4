/** One entry of an archive. */
export interface CpioEntry {
  /** Its path, without a leading slash. */
  path: string;
  /** Type and permissions as in stat(2): `0o100755`, `0o040755`, `0o120777`, `0o020600`. */
  mode: number;
  /** The content, or the target of a symbolic link. Empty for directories and devices. */
  data?: Uint8Array;
  /** The major and minor number of a device. */
  device?: readonly [major: number, minor: number];
}

const TRAILER = "TRAILER!!!";
const HEADER_SIZE = 110;
const TYPE = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Writes an archive in the "newc" format, which the kernel unpacks into its first root. All entries belong
 * to root and have the time 0, so that the same entries give the same bytes.
 *
 * @param entries In the order of the archive: a directory comes before its content.
 */
export function cpio(entries: readonly CpioEntry[]): Uint8Array<ArrayBuffer> {
  const all = [...entries, { path: TRAILER, mode: 0 }];
  const records = all.map((entry) => ({ entry, name: encoder.encode(`${entry.path}\0`) }));
  const sizes = records.map(({ entry, name }) =>
    padded(HEADER_SIZE + name.length) + padded(entry.data?.length ?? 0)
  );
  const archive = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  records.forEach(({ entry, name }, index) => {
    archive.set(encoder.encode(header(entry, name.length, index + 1)), at);
    archive.set(name, at + HEADER_SIZE);
    if (entry.data) archive.set(entry.data, at + padded(HEADER_SIZE + name.length));
    at += sizes[index];
  });
  return archive;
}

/** Reads the regular files of a "newc" archive, by path. */
export function readCpio(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + HEADER_SIZE <= archive.length;) {
    const field = (index: number) =>
      parseInt(decoder.decode(archive.subarray(at + 6 + 8 * index, at + 14 + 8 * index)), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const start = padded(at + HEADER_SIZE + nameSize);
    const path = decoder.decode(
      archive.subarray(at + HEADER_SIZE, at + HEADER_SIZE + nameSize - 1),
    );
    if (path === TRAILER || Number.isNaN(start)) break;
    if ((mode & TYPE) === REGULAR) files.set(path, archive.subarray(start, start + size));
    at = padded(start + size);
  }
  return files;
}

/** Names and contents are padded to a multiple of four. */
function padded(size: number): number {
  return (size + 3) & ~3;
}

function header({ path, mode, data, device }: CpioEntry, nameSize: number, inode: number): string {
  const isDirectory = (mode & TYPE) === DIRECTORY;
  const fields = [
    path === TRAILER ? 0 : inode,
    mode,
    0, // user
    0, // group
    isDirectory ? 2 : 1, // links
    0, // time
    data?.length ?? 0,
    0, // major and minor of the device that the file is on
    0,
    device?.[0] ?? 0,
    device?.[1] ?? 0,
    nameSize,
    0, // checksum, not used in this format
  ];
  return "070701" + fields.map((field) => field.toString(16).padStart(8, "0")).join("");
}
