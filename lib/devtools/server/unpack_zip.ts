import { dirname } from "node:path";
import { ServeError } from "./errors.ts";
import { openRegular, readPart } from "./read_bounded.ts";

/** What a zip file may have. */
export interface ZipLimits {
  /** Files and folders. */
  entries: number;
  /** Bytes of the zip file, which is read whole. */
  zipBytes: number;
  /** Bytes of all files together. */
  bytes: number;
}

const LIMITS: ZipLimits = { entries: 20_000, zipBytes: 512 << 20, bytes: 2 ** 30 };

/** About so much is unpacked at once. */
const BATCH_BYTES = 32 << 20;

/** Names of files of runs and bundles, in folders that a CI service may have put around them. */
const NAME = /^(?:[A-Za-z0-9_][A-Za-z0-9._ -]{0,254}\/){0,8}[A-Za-z0-9_][A-Za-z0-9._ -]{0,254}$/;

interface Entry {
  name: string;
  size: number;
}

/**
 * Unpacks a zip file, such as a failure bundle, into a directory. Files with other names than those of runs,
 * such as `../x`, are left out; what an entry has beyond the size that it declares is not unpacked.
 *
 * @throws {ServeError} it is no zip file, or has too much
 */
export async function unpackZip(
  path: string,
  directory: string,
  limits: ZipLimits = LIMITS,
): Promise<void> {
  const data = await readZip(path, limits);
  const { unzipSync } = await import("fflate");
  const unzip = (wanted: (entry: Entry) => boolean) => {
    try {
      return unzipSync(data, {
        filter: ({ name, originalSize }) => wanted({ name, size: originalSize }),
      });
    } catch (cause) {
      if (cause instanceof ServeError) throw cause;
      throw new ServeError(`${path} is no whole zip file: ${(cause as Error).message}`, { cause });
    }
  };
  const entries = new Map<string, Entry>();
  let [count, bytes] = [0, 0];
  unzip((entry) => {
    bytes += entry.size;
    if (++count > limits.entries || bytes > limits.bytes) throw tooMuch(path, limits);
    if (NAME.test(entry.name)) entries.set(entry.name, entry);
    return false;
  });
  const made = new Set<string>();
  for (const names of batches(entries.values())) {
    const files = unzip(({ name }) => names.has(name));
    for (const [name, content] of Object.entries(files)) {
      const file = `${directory}/${name}`;
      const folder = dirname(file);
      // Names that are a file and a folder at once, or stand there twice, are errors of the file system.
      if (!made.has(folder)) await Deno.mkdir(folder, { recursive: true });
      made.add(folder);
      await Deno.writeFile(file, content, { createNew: true });
    }
  }
}

async function readZip(path: string, { zipBytes }: ZipLimits): Promise<Uint8Array> {
  using open = await openRegular(path);
  if (!open) throw new ServeError(`${path} is no file`);
  if (open.size > zipBytes) {
    throw new ServeError(
      `${path} has more than ${zipBytes >> 20} MiB: unpack it, and show the folder`,
    );
  }
  return await readPart(open, 0, open.size);
}

function tooMuch(path: string, { entries, bytes }: ZipLimits): ServeError {
  return new ServeError(
    `${path} is not unpacked: it has more than ${entries} files, or more than ${bytes >> 20} MiB`,
  );
}

/** Names of entries that are unpacked together. */
function* batches(entries: Iterable<Entry>): Generator<Set<string>> {
  let names = new Set<string>();
  let bytes = 0;
  for (const { name, size } of entries) {
    if (names.size > 0 && bytes + size > BATCH_BYTES) {
      yield names;
      [names, bytes] = [new Set(), 0];
    }
    names.add(name);
    bytes += size;
  }
  if (names.size > 0) yield names;
}
