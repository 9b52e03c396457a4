import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { alone } from "../../files/lock.ts";
import { BUILDING, explained, removeAbandoned } from "../../files/cache.ts";
import { writeJson } from "../../files/atomic.ts";
import { isArchive, memberOf, unpack } from "./archive.ts";
import { type BinaryContext, binaryError, called, digest, fileName, programOf } from "./context.ts";
import { BinaryError } from "./error.ts";
import { statOf } from "./path.ts";
import type { BinarySpec } from "../types/types.ts";

/** What is known of a URL that was downloaded before. */
interface Known {
  sha256: string;
  etag?: string;
  lastModified?: string;
}

// As often as a line on a long download is worth reading.
const TELL_MS = 5000;
const PROTOCOLS = ["http:", "https:", "file:"];

/**
 * A program that is downloaded, or a member of an archive that is. With a `sha256` it is kept for good.
 * Without one the server is asked each time whether it is still the same; one that cannot say sends it
 * again.
 *
 * @throws {BinaryError} If it cannot be had, or is not what `sha256` says, or has not the member.
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
    directory = await alone(`${note}.lock`, async () => {
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
 * Checks what can be known without a server.
 *
 * @throws {BinaryError} If the URL or the sum is none, or the file of a `file:` URL is not there.
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
    throw binaryError(spec, `it has "member", but ${url.href} is no archive by its name`);
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
    return undefined; // not there, or half written: it is downloaded again
  }
}

/** What a server sends, or a file. */
interface Download {
  body: ReadableStream<Uint8Array<ArrayBuffer>>;
  bytes?: number;
  etag?: string;
  lastModified?: string;
  /** Ends it when nothing comes for long; called for each piece. */
  alive(): void;
  done(): void;
}

/** Asks for it; undefined if it is still as known. */
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
  const late = () => stall.abort(new Error(`nothing came for ${context.stallMs / 1000} s`));
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
  // What has a code is of the disk.
  if (error instanceof BinaryError || (error as { code?: string }).code) return error;
  return binaryError(spec, `cannot download ${url.href}: ${(error as Error).message}`, error);
}

/** Where what comes goes. */
interface Keeping {
  url: URL;
  response: Download;
  /** A directory that nobody else uses. */
  own: string;
  /** Where what is known of the URL is written. */
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
  const wanted = spec.sha256?.toLowerCase();
  if (wanted !== undefined && wanted !== sha256) {
    throw binaryError(spec, `${url.href} has the SHA-256\n  ${sha256}\nbut must have\n  ${wanted}`);
  }
  const target = place(sha256);
  if (!await statOf(target)) {
    const content = join(own, "content");
    await Deno.mkdir(content);
    await unpack(context, spec, { file, name: basename(url.pathname), directory: content });
    // Whoever got the same by another URL meanwhile has put the same there.
    await Deno.rename(content, target).catch(async (error) => {
      if (!await statOf(target)) throw error;
    });
  }
  const { etag, lastModified } = response;
  await writeJson(note, { sha256, etag, lastModified } satisfies Known);
  return target;
}

/** Writes the download to a file, and says its sum. */
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
  let told = Date.now();
  let received = 0;
  try {
    using file = await Deno.open(path, { write: true, createNew: true });
    for await (const chunk of body) {
      context.signal.throwIfAborted();
      alive();
      hash.update(chunk);
      for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await file.write(rest));
      received += chunk.length;
      if (Date.now() - told < TELL_MS) continue;
      told = Date.now();
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
