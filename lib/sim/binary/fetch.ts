import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "../../files/lock.ts";
import { BUILDING, explained, removeAbandoned } from "../../files/cache.ts";
import { writeJson } from "../../files/atomic.ts";
import { isArchive, memberOf, unpack } from "./archive.ts";
import { type BinaryContext, binaryError, called, digest, fileName, programOf } from "./context.ts";
import { BinaryError } from "./error.ts";
import { statOf } from "./path.ts";
import type { BinarySpec } from "../types/types.ts";

/** What is stored about a URL that was downloaded before. */
interface Known {
  sha256: string;
  etag?: string;
  lastModified?: string;
}

// The interval of progress lines of a long download.
const PROGRESS_MS = 5000;
const PROTOCOLS = ["http:", "https:", "file:"];

/**
 * Downloads a program, or an archive with it, and returns the path of the program. With `sha256` it is
 * downloaded once. Without, the server is asked each time whether it has changed; a server that does not
 * support this sends it again.
 *
 * @throws {BinaryError} If the download fails, has another SHA-256, or lacks the member.
 */
export async function fetchBinary(context: BinaryContext, spec: BinarySpec): Promise<string> {
  const url = urlOf(spec);
  const { name } = spec;
  const store = join(context.cache, "fetched");
  const place = (sha256: string) =>
    join(store, `${sha256.slice(0, 40)}-${fileName(basename(url.pathname) || name)}`);
  const note = join(context.cache, "urls", `${digest(url.href)}.json`);
  let directory: string;
  try {
    directory = await withLock(`${note}.lock`, async () => {
      const known = await knownOf(note);
      const sha256 = spec.sha256?.toLowerCase() ?? known?.sha256;
      const kept = sha256 !== undefined && await statOf(place(sha256)) ? place(sha256) : undefined;
      if (kept !== undefined && spec.sha256 !== undefined) return kept;
      const response = await request(context, spec, url, kept === undefined ? undefined : known);
      if (response === undefined) return kept!;
      await Deno.mkdir(store, { recursive: true });
      await removeAbandoned(store);
      const own = await Deno.makeTempDir({ dir: store, prefix: BUILDING });
      try {
        return await keep(context, spec, { url, response, own, note, place });
      } finally {
        await Deno.remove(own, { recursive: true });
      }
    });
  } catch (error) {
    throw explained(error, context.cache);
  }
  return await memberOf(spec, directory);
}

/**
 * Checks what can be checked without a server.
 *
 * @throws {BinaryError} If the URL or the SHA-256 is invalid, or the file of a `file:` URL is missing.
 */
export async function checkFetch(context: BinaryContext, spec: BinarySpec): Promise<void> {
  const url = urlOf(spec);
  if (spec.sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(spec.sha256)) {
    throw binaryError(
      spec,
      `"sha256" is "${spec.sha256}", but must be 64 hexadecimal digits, as sha256sum prints them`,
    );
  }
  if (spec.member?.split("/").includes("..")) {
    throw binaryError(spec, `"member" is "${spec.member}", but must be a path in the archive`);
  }
  const archive = isArchive(url.pathname);
  if (spec.member !== undefined && !archive) {
    throw binaryError(
      spec,
      `it has "member", but the name of ${url.href} is not that of an archive`,
    );
  }
  if (archive === "tar") {
    programOf(context, "tar", (message) => binaryError(spec, message), "an archive");
  }
  if (url.protocol === "file:" && !(await statOf(fileURLToPath(url)))?.isFile) {
    throw binaryError(spec, `there is no file ${fileURLToPath(url)}`);
  }
}

function urlOf(spec: BinarySpec): URL {
  const url = URL.parse(spec.url!);
  if (url && PROTOCOLS.includes(url.protocol)) return url;
  throw binaryError(
    spec,
    `"url" is "${spec.url}", but must be a URL such as "https://example.org/relay.tar.gz"` +
      (url ? `, and of ${PROTOCOLS.join(" ")}` : ""),
  );
}

async function knownOf(note: string): Promise<Known | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(note));
  } catch {
    return undefined; // missing or incomplete: it is downloaded again
  }
}

/** The response of a server, or a file. */
interface Download {
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
  bytes?: number;
  etag?: string;
  lastModified?: string;
  /** Restarts the timeout for a server that sends no data; called for each chunk. */
  alive(): void;
  done(): void;
}

/** Sends the request; returns undefined if the content has not changed. */
async function request(
  context: BinaryContext,
  spec: BinarySpec,
  url: URL,
  known: Known | undefined,
): Promise<Download | undefined> {
  if (url.protocol === "file:") {
    const file = await Deno.open(url);
    const nothing = () => {};
    return { body: file.readable, bytes: (await file.stat()).size, alive: nothing, done: nothing };
  }
  const { signal } = context;
  const stall = new AbortController();
  const late = () =>
    stall.abort(new Error(`the server sent no data for ${context.stallMs / 1000} s`));
  let timer = setTimeout(late, context.stallMs);
  const done = () => clearTimeout(timer);
  try {
    const headers = new Headers({ "accept-encoding": "identity" });
    if (known?.etag !== undefined) headers.set("if-none-match", known.etag);
    if (known?.lastModified !== undefined) headers.set("if-modified-since", known.lastModified);
    const response = await fetch(url, { headers, signal: AbortSignal.any([signal, stall.signal]) });
    if (!response.ok || !response.body) {
      done();
      await response.body?.cancel();
      if (response.status === 304 && known) return undefined;
      throw binaryError(
        spec,
        `cannot download ${url.href}: the server says ${response.status} ${response.statusText}`,
      );
    }
    const { headers: said, body } = response;
    const bytes = Number(said.get("content-length") ?? NaN);
    return {
      body,
      bytes: bytes > 0 ? bytes : undefined,
      etag: said.get("etag") ?? undefined,
      lastModified: said.get("last-modified") ?? undefined,
      alive() {
        clearTimeout(timer);
        timer = setTimeout(late, context.stallMs);
      },
      done,
    };
  } catch (error) {
    done();
    throw failed(context, spec, url, error);
  }
}

function failed(context: BinaryContext, spec: BinarySpec, url: URL, error: unknown): unknown {
  if (context.signal.aborted) return context.signal.reason;
  // Errors with a code are errors of the file system.
  if (error instanceof BinaryError || (error as { code?: string }).code) return error;
  return binaryError(spec, `cannot download ${url.href}: ${(error as Error).message}`, error);
}

/** Where a download is stored. */
interface Keeping {
  url: URL;
  response: Download;
  /** A directory of this download alone. */
  own: string;
  /** The path of the note about the URL. */
  note: string;
  place(sha256: string): string;
}

async function keep(
  context: BinaryContext,
  spec: BinarySpec,
  { url, response, own, note, place }: Keeping,
): Promise<string> {
  const file = join(own, "download");
  const sha256 = await save(context, spec, url, response, file);
  const expected = spec.sha256?.toLowerCase();
  if (expected !== undefined && expected !== sha256) {
    throw binaryError(
      spec,
      `${url.href} has the SHA-256\n  ${sha256}\nbut must have\n  ${expected}`,
    );
  }
  const target = place(sha256);
  if (!await statOf(target)) {
    const content = join(own, "content");
    await Deno.mkdir(content);
    await unpack(context, spec, { file, name: basename(url.pathname), directory: content });
    // A parallel download of the same content from another URL may have been first.
    await Deno.rename(content, target).catch(async (error) => {
      if (!await statOf(target)) throw error;
    });
  }
  const { etag, lastModified } = response;
  await writeJson(note, { sha256, etag, lastModified } satisfies Known);
  return target;
}

/** Writes the download to a file, and returns its SHA-256. */
async function save(
  context: BinaryContext,
  spec: BinarySpec,
  url: URL,
  { body, bytes, alive, done }: Download,
  path: string,
): Promise<string> {
  const hash = createHash("sha256");
  const size = bytes === undefined ? "" : ` (${megabytes(bytes)})`;
  context.say(`${called(spec)}: downloading ${url.href}${size}`);
  let reported = Date.now();
  let received = 0;
  try {
    using file = await Deno.open(path, { write: true, createNew: true });
    for await (const chunk of body) {
      context.signal.throwIfAborted();
      alive();
      hash.update(chunk);
      for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await file.write(rest));
      received += chunk.length;
      if (Date.now() - reported < PROGRESS_MS) continue;
      reported = Date.now();
      const part = bytes === undefined ? "" : ` of ${megabytes(bytes)}`;
      context.say(`${called(spec)}: ${megabytes(received)}${part}`);
    }
  } catch (error) {
    throw failed(context, spec, url, error);
  } finally {
    done();
  }
  return hash.digest("hex");
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
