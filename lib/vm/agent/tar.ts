/** One entry of a tar archive. */
export type TarEntry =
  & {
    /** Without a leading slash; UTF-8. */
    name: string;
    /** Its permissions. */
    mode: number;
    /** Seconds since 1970. */
    mtime: number;
  }
  & (
    | { kind: "file"; size: number }
    | { kind: "directory" }
    | { kind: "symlink"; target: string }
  );

const BLOCK = 512;
/** The most bytes of a name in a header; longer names go before it, as GNU tar writes them. */
const NAME = 100;
/** The largest size in eleven octal digits. */
const MOST_SIZE = 8 ** 11 - 1;
const TYPES = { file: "0", directory: "5", symlink: "2", longName: "L", longTarget: "K" };

/**
 * Returns the header of an entry; owner and group are root.
 *
 * Own code, since npm's `tar-stream` brings a dozen packages for it.
 *
 * Source: the format `gnu` of GNU tar, which busybox reads, too.
 */
export function tarHeader(entry: TarEntry): Uint8Array<ArrayBuffer>[] {
  const name = encoder.encode(entry.name + (entry.kind === "directory" ? "/" : ""));
  const target = encoder.encode(entry.kind === "symlink" ? entry.target : "");
  const size = entry.kind === "file" ? entry.size : 0;
  if (size > MOST_SIZE) throw new RangeError(`${entry.name} is too large for a tar archive`);
  return [
    ...long(name, TYPES.longName),
    ...long(target, TYPES.longTarget),
    header({ name, target, size, mode: entry.mode, mtime: entry.mtime, type: TYPES[entry.kind] }),
  ];
}

/** Returns the padding after a file of this size, to the end of its last block. */
export function tarPadding(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((BLOCK - size % BLOCK) % BLOCK);
}

/** Returns the end of an archive. */
export function tarEnd(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(2 * BLOCK);
}

function long(text: Uint8Array, type: string): Uint8Array<ArrayBuffer>[] {
  if (text.length <= NAME) return [];
  const size = text.length + 1; // with a NUL
  const content = new Uint8Array(size + tarPadding(size).length);
  content.set(text);
  const name = encoder.encode("././@LongLink");
  return [
    header({ name, target: new Uint8Array(), size, mode: 0o644, mtime: 0, type }),
    content,
  ];
}

function header(
  fields: {
    name: Uint8Array;
    target: Uint8Array;
    size: number;
    mode: number;
    mtime: number;
    type: string;
  },
): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const octal = (at: number, digits: number, value: number) =>
    block.set(encoder.encode(value.toString(8).padStart(digits, "0")), at);
  block.set(fields.name.subarray(0, NAME), 0);
  octal(100, 7, fields.mode);
  octal(108, 7, 0); // owner
  octal(116, 7, 0); // group
  octal(124, 11, fields.size);
  octal(136, 11, Math.max(0, Math.floor(fields.mtime)));
  block.fill(0x20, 148, 156); // the checksum counts as spaces
  block.set(encoder.encode(fields.type), 156);
  block.set(fields.target.subarray(0, NAME), 157);
  block.set(encoder.encode("ustar  \0"), 257);
  octal(148, 6, block.reduce((sum, byte) => sum + byte, 0));
  block[154] = 0;
  return block;
}

const encoder = new TextEncoder();
