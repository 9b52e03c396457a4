/**
 * A program under test: an HTTP server, and a client that resumes a broken download.
 *
 *   http.ts serve BYTES       serves a file of that size, and prints its address
 *   http.ts fetch URL         downloads it, with one line of JSON for each event
 */

const [mode, argument] = Deno.args;

/** A connection without data for longer than this is broken. */
const STALLED_MS = 2_000;

function say(event: Record<string, unknown>): void {
  console.log(JSON.stringify(event));
}

function serve(size: number): void {
  const body = new Uint8Array(size).fill(46);
  Deno.serve({
    port: 8080,
    onListen: ({ hostname, port }) => console.log(`listening on ${hostname}:${port}`),
  }, (request) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    return new Response(body.subarray(from), { status: from > 0 ? 206 : 200 });
  });
}

/** Yields the number of bytes of each chunk of one connection, from offset `start`, until it breaks. */
async function* bytesFrom(url: string, start: number): AsyncGenerator<number> {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), STALLED_MS);
  // One client per connection, so that none is reused.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const headers = { range: `bytes=${start}-` };
    const response = await fetch(url, { headers, client, signal: abort.signal });
    for await (const chunk of response.body!) {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(), STALLED_MS);
      yield chunk.length;
    }
  } finally {
    clearTimeout(timer);
  }
}

async function download(url: string): Promise<void> {
  const head = await fetch(url, { method: "HEAD" });
  const size = Number(head.headers.get("content-length"));
  await head.body?.cancel();
  const start = performance.now();
  let bytes = 0;
  let connections = 0;
  while (bytes < size) {
    connections++;
    try {
      for await (const length of bytesFrom(url, bytes)) {
        bytes += length;
        say({ kind: "progress", bytes });
      }
    } catch (error) {
      say({ kind: "broken", bytes, error: String(error) });
    }
  }
  say({ kind: "done", bytes, connections, seconds: (performance.now() - start) / 1000 });
}

if (mode === "serve") serve(Number(argument));
else await download(argument);
