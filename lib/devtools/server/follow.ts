import type { OpenFile } from "./read_bounded.ts";
import { readPart } from "./read_bounded.ts";
import { listRunFiles, openRunFile } from "./run_files.ts";

/** How often files are looked at: stat works on every file system. */
const POLL_MS = 150;

/** The most bytes of one message. */
const CHUNK = 256 * 1024;

/** A comment after so long keeps proxies and half-open connections from waiting for ever. */
const SILENCE_MS = 15_000;

/** How often the list of files and the status are compared. */
const LIST_MS = 1_000;

/** What is followed. */
export interface FollowOptions {
  directory: string;
  /** Paths below the directory, each one of `isRunFile`. */
  paths: readonly string[];
  /** The offset in each file from which it is followed. */
  offsets: readonly number[];
  /** Called for the status; its JSON is sent when it changes. */
  info(): Promise<unknown>;
  signal: AbortSignal;
}

/** Reads `Last-Event-ID`, or the offsets of an address: a number for each file. */
export function parseOffsets(text: string | null, count: number): number[] {
  const parts = (text ?? "").split(",").map(Number);
  return Array.from(
    { length: count },
    (_, i) => Number.isSafeInteger(parts[i]) && parts[i] > 0 ? parts[i] : 0,
  );
}

/**
 * Follows files as server-sent events. Each `data` event has the bytes of complete lines as base64 and its ID
 * has the offsets after it, so that a connection that breaks resumes where it was. A file that was replaced
 * or emptied begins again, after a `restart` event.
 */
export function followRun(options: FollowOptions): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const lines = follow(options);
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await lines.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch {
        controller.close();
      }
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
}

async function* follow(
  { directory, paths, offsets, info, signal }: FollowOptions,
): AsyncGenerator<string> {
  const at = [...offsets];
  const inodes: (string | undefined)[] = paths.map(() => undefined);
  let [listed, listedAt, sentAt] = ["", -Infinity, performance.now()];
  yield "retry: 1000\n\n";
  while (!signal.aborted) {
    let moved = false;
    for (const [i, path] of paths.entries()) {
      using open = await openRunFile(directory, path);
      if (!open) continue;
      if ((inodes[i] !== undefined && inodes[i] !== open.inode) || open.size < at[i]) {
        at[i] = 0;
        yield message("restart", at, { file: i });
      }
      inodes[i] = open.inode;
      const part = await completeLines(open, at[i]);
      if (part.length === 0) continue;
      at[i] += part.length;
      moved = true;
      yield message("data", at, { file: i, from: at[i] - part.length, bytes: part.toBase64() });
    }
    const now = performance.now();
    if (now - listedAt > LIST_MS) {
      listedAt = now;
      const found = await Deno.lstat(directory).then(() => true, () => false);
      if (!found) {
        yield message("gone", at, {});
        return;
      }
      const list = { run: await info(), files: await listRunFiles(directory) };
      const text = JSON.stringify(list);
      if (text !== listed) {
        listed = text;
        sentAt = now;
        yield message("files", at, list);
      }
    }
    if (moved) sentAt = now;
    else {
      if (now - sentAt > SILENCE_MS) {
        sentAt = now;
        yield ": still here\n\n";
      }
      await pause(signal);
    }
  }
}

function message(event: string, offsets: readonly number[], data: unknown): string {
  return `event: ${event}\nid: ${offsets.join(",")}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The bytes up to the last line break in the next chunk; a line longer than that is sent in parts. */
async function completeLines(open: OpenFile, from: number): Promise<Uint8Array> {
  const length = Math.min(CHUNK, open.size - from);
  if (length <= 0) return new Uint8Array();
  const bytes = await readPart(open, from, length);
  const end = bytes.lastIndexOf(10) + 1;
  return end === 0 && bytes.length === CHUNK ? bytes : bytes.subarray(0, end);
}

function pause(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, POLL_MS);
  const stop = () => resolve();
  signal.addEventListener("abort", stop);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });
}
