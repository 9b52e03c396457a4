/** A file of a run that is open. */
export interface OpenFile extends Disposable {
  readonly file: Deno.FsFile;
  readonly size: number;
  /** Identifies the file: another one may get its name. */
  readonly inode: string;
}

/** A part of a file, and where it ends. */
export interface Part {
  bytes: Uint8Array<ArrayBuffer>;
  size: number;
}

/**
 * Opens a regular file, and nothing else: neither a link nor a pipe, which a hostile program may have put in
 * its place. `undefined` if it is not one, or does not exist.
 */
export async function openRegular(path: string): Promise<OpenFile | undefined> {
  try {
    const named = await Deno.lstat(path);
    if (!named.isFile) return undefined;
    const file = await Deno.open(path);
    const opened = await file.stat();
    if (!opened.isFile || opened.ino !== named.ino || opened.dev !== named.dev) {
      file.close();
      return undefined;
    }
    return {
      file,
      size: opened.size,
      inode: `${opened.dev}:${opened.ino}`,
      [Symbol.dispose]: () => file.close(),
    };
  } catch {
    return undefined;
  }
}

/** Reads a part of an open file; shorter at its end. */
export async function readPart(
  { file }: OpenFile,
  from: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await file.seek(from, Deno.SeekMode.Start);
  let have = 0;
  while (have < length) {
    const n = await file.read(bytes.subarray(have));
    if (!n) break;
    have += n;
  }
  return bytes.subarray(0, have);
}

/** The largest JSON file that is read whole. */
const LARGEST_JSON = 16 << 20;

/** Reads a JSON file; undefined if it is missing, too large, or not JSON. */
export async function readJsonFile(path: string): Promise<unknown> {
  using open = await openRegular(path);
  if (!open || open.size > LARGEST_JSON) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(await readPart(open, 0, open.size)));
  } catch {
    return undefined;
  }
}

/** Reads the first and the last bytes of a file. */
export async function readEnds(
  path: string,
  length: number,
): Promise<{ first: string; last: string; size: number; inode: string } | undefined> {
  using open = await openRegular(path);
  if (!open) return undefined;
  try {
    const decoder = new TextDecoder();
    const first = decoder.decode(await readPart(open, 0, Math.min(length, open.size)));
    const from = Math.max(0, open.size - length);
    const last = from === 0 && open.size <= length
      ? first
      : decoder.decode(await readPart(open, from, length));
    return { first, last, size: open.size, inode: open.inode };
  } catch {
    return undefined;
  }
}
