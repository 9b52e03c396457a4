/** The interval between two checks of the file. */
const POLL_MS = 50;
const CHUNK_BYTES = 65_536;
/** The number of last bytes that must still be in the file for it to be the same file. */
const TAIL_BYTES = 256;

/** A part of a followed file; `restarted` if the next part does not continue the previous one. */
export type Followed = { bytes: Uint8Array } | { restarted: true };

/**
 * Reads a file from its beginning, and then everything that is appended, until `signal` is aborted. Waits for
 * a file that does not exist yet. Reads a replaced file (`mv`, as logrotate does) to its end, and then its
 * successor; reads an emptied file from its beginning again.
 *
 * It checks the file 20 times a second, which works on every file system.
 */
export async function* followFile(path: string, signal: AbortSignal): AsyncGenerator<Followed> {
  let file: Deno.FsFile | undefined;
  try {
    let at = 0;
    let tail: Uint8Array = new Uint8Array();
    const buffer = new Uint8Array(CHUNK_BYTES);
    while (!signal.aborted) {
      if (!file) {
        file = await openIfExists(path);
        if (!file) await pause(signal);
        continue;
      }
      // Checked before the read, so that everything written before the replacement is read.
      const replaced = await wasReplaced(path, file);
      if (!await continues(file, at, tail)) {
        [at, tail] = [0, new Uint8Array()];
        yield { restarted: true };
      }
      await file.seek(at, Deno.SeekMode.Start);
      const n = await file.read(buffer);
      if (n) {
        at += n;
        tail = lastBytes(tail, buffer.subarray(0, n));
        yield { bytes: buffer.slice(0, n) };
      } else if (replaced) {
        file.close();
        file = undefined;
        [at, tail] = [0, new Uint8Array()];
        yield { restarted: true };
      } else await pause(signal);
    }
  } finally {
    file?.close();
  }
}

async function openIfExists(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Whether the path now names another file that is not empty. While the other one is empty, the program may
 * still write to this one.
 */
async function wasReplaced(path: string, file: Deno.FsFile): Promise<boolean> {
  try {
    const [named, opened] = [await Deno.stat(path), await file.stat()];
    return named.size > 0 && (named.ino !== opened.ino || named.dev !== opened.dev);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Whether the bytes that were read are still there. An emptied file may have grown past the offset, so its
 * length is not enough.
 */
async function continues(file: Deno.FsFile, at: number, tail: Uint8Array): Promise<boolean> {
  if ((await file.stat()).size < at) return false;
  const found = new Uint8Array(tail.length);
  await file.seek(at - tail.length, Deno.SeekMode.Start);
  for (let have = 0; have < found.length;) {
    const n = await file.read(found.subarray(have));
    if (!n) return false;
    have += n;
  }
  return found.every((byte, i) => byte === tail[i]);
}

/** The last bytes that were read, for {@linkcode continues}. */
function lastBytes(before: Uint8Array, chunk: Uint8Array): Uint8Array {
  const last = [...before, ...chunk.subarray(-TAIL_BYTES)].slice(-TAIL_BYTES);
  return Uint8Array.from(last);
}

function pause(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => resolve();
  const timer = setTimeout(stop, POLL_MS);
  signal.addEventListener("abort", stop);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });
}
