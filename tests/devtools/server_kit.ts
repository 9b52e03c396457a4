// Folders of runs for tests of the server, and requests to it.
import { type DevtoolsServer, serveRuns } from "../../lib/devtools/server/serve.ts";
import type { Invocation, RunInfo, RunsAnswer } from "../../lib/devtools/model/types.ts";

/** A temporary folder of runs, and its server. */
export interface Served extends AsyncDisposable {
  root: string;
  server: DevtoolsServer;
  /** Gets a path with other headers; `host` included, which `fetch` does not let one set. */
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  runs(): Promise<RunsAnswer>;
}

/** An answer of the server. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/** Serves a temporary folder that `fill` has put runs in. */
export async function served(
  fill: (root: string) => void | Promise<void>,
  options: { token?: string } = {},
): Promise<Served> {
  const root = await Deno.makeTempDir({ prefix: "netyard-runs-" });
  await fill(root);
  const server = serveRuns({ root, bind: "127.0.0.1:0", ...options });
  const port = Number(new URL(server.url).port);
  const get = (path: string, headers: Record<string, string> = {}) => request(port, path, headers);
  return {
    root,
    server,
    get,
    runs: async () => JSON.parse((await get("/api/runs")).text),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** Sends a request as it is written: nothing normalizes the path, and any `Host` may be in it. */
async function request(
  port: number,
  path: string,
  headers: Record<string, string>,
): Promise<Answer> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const { method = "GET", ...others } = headers;
  const all = { host: `127.0.0.1:${port}`, connection: "close", ...others };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await connection.write(new TextEncoder().encode(`${method} ${path} HTTP/1.1\r\n${lines}\r\n`));
  const answer = await new Response(connection.readable).text();
  const end = answer.indexOf("\r\n\r\n");
  const [status, ...rest] = answer.slice(0, end).split("\r\n");
  const pairs = rest.map((each): [string, string] => {
    const colon = each.indexOf(":");
    return [each.slice(0, colon), each.slice(colon + 1).trim()];
  });
  const found = new Headers(pairs);
  const body = answer.slice(end + 4);
  return {
    status: Number(status.split(" ")[1]),
    headers: found,
    text: found.get("transfer-encoding") === "chunked" ? unchunked(body) : body,
  };
}

function unchunked(body: string): string {
  return body.split(/\r?\n?(?:^|\r\n)[0-9a-f]+\r\n/).join("");
}

/** A line of an event. */
export function event(seq: number, body: object): string {
  const stamp = { version: 1, seq, at: "2026-01-02T03:04:05.678Z", elapsedMs: seq * 10 };
  return `${JSON.stringify({ ...stamp, ...body })}\n`;
}

/** The events of a lab without nodes. */
export function emptyLab(label: string, closed = true): string {
  return event(0, { kind: "lab-created", label }) +
    (closed ? event(1, { kind: "lab-closed" }) : "");
}

/** Writes files below a folder, with the folders on the way. */
export async function write(root: string, files: Record<string, string | object>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const full = `${root}/${path}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(
      full,
      typeof content === "string" ? content : JSON.stringify(content),
    );
  }
}

/** Writes a small bundle of a test that failed. */
export async function writeBundleFiles(directory: string, more: object = {}): Promise<void> {
  await write(directory, {
    "bundle.json": {
      version: 1,
      failed: { kind: "test", name: "peers meet", file: "/suite/peers_test.ts" },
      at: "2026-01-02T03:04:06.000Z",
      error: {
        name: "AssertionError",
        message: "Values are not equal",
        stack: "AssertionError: Values are not equal",
        source: null,
        causes: [],
      },
      label: "peers-meet",
      seed: 7,
      verdict: { kind: "ok", reasons: [] },
      running: {},
      faults: {},
      ...more,
    },
    "failure.txt": "AssertionError: Values are not equal\n",
    "run/events.jsonl": emptyLab("peers-meet"),
    "run/nodes/left/stdout.log": "hello\n",
  });
}

/** All runs of an answer. */
export const runsOf = ({ invocations }: { invocations: Invocation[] }): RunInfo[] =>
  invocations.flatMap(({ runs }) => runs);
