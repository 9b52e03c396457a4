import { replaceFile } from "../../files/atomic.ts";
import { secretsBlock } from "../../packets/mod.ts";
import { captureHeader, ENDING, OLDER_ENDING } from "./capture_file.ts";
import type { Target } from "./control.ts";

/** The most of a key log that each file has; each connection takes some 500 bytes. */
const MOST_SECRETS = 4 * 2 ** 20;

/**
 * Completes a capture that is not written to any more: joins its halves, adds the TLS secrets, and says
 * how many packets are missing. Does nothing if there is nothing to add.
 */
export async function finishCapture(
  { path, name }: Target,
  keyLog: string,
  dropped: number,
): Promise<void> {
  const older = path + OLDER_ENDING;
  const halves: string[] = [];
  for (const half of [older, path + ENDING]) if (await isFile(half)) halves.push(half);
  if (halves.length === 0) return;
  const secrets = await readSecrets(keyLog);
  const comment = dropped > 0
    ? `${dropped} packets are missing: this host did not read them in time`
    : undefined;
  if (halves.length === 1 && halves[0] !== older && !comment && !secrets) return;
  await replaceFile(path + ENDING, async (temporary) => {
    using file = await Deno.open(temporary, { write: true, createNew: true });
    const blocks = [...captureHeader(name, comment), ...secrets ? [secretsBlock(secrets)] : []];
    for (const block of blocks) await writeAll(file, block);
    const skip = captureHeader(name).reduce((sum, { length }) => sum + length, 0);
    for (const half of halves) await copyFrom(half, skip, file);
  });
  if (halves[0] === older) await Deno.remove(older);
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(({ isFile }) => isFile, () => false);
}

async function copyFrom(path: string, skip: number, to: Deno.FsFile): Promise<void> {
  using file = await Deno.open(path);
  await file.seek(skip, Deno.SeekMode.Start);
  const buffer = new Uint8Array(2 ** 20);
  for (let n; (n = await file.read(buffer)) !== null;) await writeAll(to, buffer.subarray(0, n));
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}

/** The key log as far as its lines are whole; undefined if there is none. */
async function readSecrets(path: string): Promise<Uint8Array | undefined> {
  // Programs in the nodes write it: it might be anything.
  if (!await isFile(path)) return undefined;
  using file = await Deno.open(path);
  const bytes = new Uint8Array(Math.min((await file.stat()).size, MOST_SECRETS));
  let length = 0;
  while (length < bytes.length) {
    const n = await file.read(bytes.subarray(length));
    if (n === null) break;
    length += n;
  }
  const end = bytes.subarray(0, length).lastIndexOf(10) + 1;
  return end > 0 ? bytes.subarray(0, end) : undefined;
}
