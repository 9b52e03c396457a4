/** How often a file is looked at. */
const POLL_MS = 50;
const CHUNK_BYTES = 65_536;
/** How much of what was read last must still be there for the file to be the same one. */
const TAIL_BYTES = 256;

/** A part of a followed file; `restarted` where what comes next does not go on from what came before. */
export type Followed = { bytes: Uint8Array } | { restarted: true };

/**
 * What is written to a file, from its beginning on, for as long as `signal` does not say stop. A file
 * that is not there yet is waited for. One that is replaced (`mv`, as logrotate does) is read to its
 * end, and then its successor; one that is emptied is read anew from its beginning.
 *
 * It looks at the file 20 times a second, which works on every file system.
 */
export async function* followFile(path: string, signal: AbortSignal): AsyncGenerator<Followed> {
  let file: Deno.FsFile | undefined;
  try {
    let at = 0;
    let tail: Uint8Array = new Uint8Array();
    const buffer = new Uint8Array(CHUNK_BYTES);
    while (!signal.aborted) {
      if (!file) {
        file = await openIfThere(path);
        if (!file) await pause(signal);
        continue;
      }
      // Asked before the read, so that what was written to it until then is read.
      const replaced = await wasReplaced(path, file);
      if (!await goesOn(file, at, tail)) {
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

async function openIfThere(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Whether the path leads to another file by now that has something in it: until then, whoever writes
 * may still have this one open.
 */
async function wasReplaced(path: string, file: Deno.FsFile): Promise<boolean> {
  try {
    const [there, here] = [await Deno.stat(path), await file.stat()];
    return there.size > 0 && (there.ino !== here.ino || there.dev !== here.dev);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Whether what was read is there still. A file that was emptied may have grown past the place since,
 * so its length alone does not tell.
 */
async function goesOn(file: Deno.FsFile, at: number, tail: Uint8Array): Promise<boolean> {
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

/** The last of the bytes that were read, for {@linkcode goesOn}. */
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
