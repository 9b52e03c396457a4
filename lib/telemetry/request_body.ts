/** A request that is answered with an error. */
export class RequestError extends Error {
  /** The class's name. */
  override name = "RequestError";
  /** The status of the answer. */
  readonly status: number;

  /** `message` is for the sender. */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The most bytes of a body, before and after it is decompressed. SDKs send a few hundred kilobytes. */
export const LARGEST_BODY = 8 << 20;

/** The most bytes of all bodies that a lab reads at the same time. */
const LARGEST_TOTAL = 32 << 20;

/** How long a body may take; it comes over a loopback. */
const BODY_MS = 10_000;

/** The bytes of bodies that are being read, of all nodes of a lab. */
export interface InFlight {
  bytes: number;
}

/**
 * Reads the body of a request, and decompresses it.
 *
 * @throws {RequestError} it is too large or too slow, or its compression is unknown or damaged; or the
 * lab reads too many others at the moment
 */
export async function readBody(request: Request, inFlight: InFlight): Promise<Uint8Array> {
  const { body } = request;
  if (body === null) return new Uint8Array();
  if (Number(request.headers.get("content-length") ?? 0) > LARGEST_BODY) throw tooLarge();
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() || "identity";
  if (!["identity", "gzip", "deflate"].includes(encoding)) {
    await body.cancel();
    throw new RequestError(415, `content-encoding ${encoding} is not supported; use gzip`);
  }
  const plain = encoding === "identity"
    ? body
    : body.pipeThrough(new DecompressionStream(encoding as "gzip" | "deflate"));
  return await readAll(plain, inFlight);
}

async function readAll(
  stream: ReadableStream<Uint8Array>,
  inFlight: InFlight,
): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {});
  }, BODY_MS);
  try {
    for (let one; !(one = await reader.read()).done;) {
      length += one.value.length;
      inFlight.bytes += one.value.length;
      if (length > LARGEST_BODY) throw tooLarge();
      if (inFlight.bytes > LARGEST_TOTAL) throw new RequestError(503, "too many requests at once");
      chunks.push(one.value);
    }
    if (late) throw new RequestError(408, `the body took more than ${BODY_MS / 1_000} s`);
    return joined(chunks, length);
  } catch (error) {
    reader.cancel().catch(() => {});
    if (error instanceof RequestError) throw error;
    throw new RequestError(400, `the body cannot be read: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
    inFlight.bytes -= length;
  }
}

function joined(chunks: Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0];
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

const tooLarge = () => new RequestError(413, `the body has more than ${LARGEST_BODY >> 20} MiB`);
