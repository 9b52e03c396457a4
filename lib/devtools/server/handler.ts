import type { FilesAnswer } from "../model/types.ts";
import { listFoundFiles, openFoundFile } from "./bundle_files.ts";
import { findRuns, type FoundRuns } from "./find_runs.ts";
import { followRun, parseOffsets } from "./follow.ts";
import { type GuardOptions, refusal, safeHeaders, TOKEN_COOKIE } from "./guard.ts";
import { pageWith } from "./page.ts";
import { readPart } from "./read_bounded.ts";
import { readRunInfo } from "./read_run_info.ts";
import { isCapture, isRunFile } from "./run_files.ts";

/** The most bytes of a file that one answer has. */
const LARGEST_PART = 8 << 20;

/** How long a search of the folders is good for. */
const FRESH_MS = 500;

/** The most files that one connection follows. */
const MOST_FOLLOWED = 8;

/** What a handler needs. */
export interface HandlerOptions extends GuardOptions {
  root: string;
  /** A folder of failure bundles that is not below the root. */
  failures?: string;
  /** Ends connections that follow files. */
  signal: AbortSignal;
}

/** Answers the requests of the page. */
export class Handler {
  readonly #options: HandlerOptions;
  readonly #page = pageWith();
  #found: FoundRuns | undefined;
  #searching: Promise<FoundRuns> | undefined;
  #foundAt = -Infinity;

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  /** Answers a request; never rejects. */
  async handle(request: Request): Promise<Response> {
    const refused = refusal(request, this.#options);
    if (refused) return plain(refused.status, refused.message);
    try {
      const { pathname, searchParams } = new URL(request.url);
      switch (pathname) {
        case "/":
          return this.#start(searchParams);
        case "/api/runs":
          return json((await this.#runs()).answer);
        case "/api/files":
          return await this.#files(searchParams);
        case "/api/file":
          return await this.#file(request, searchParams);
        case "/api/tshark":
          return await this.#tshark(searchParams);
        case "/api/follow":
          return await this.#follow(request, searchParams);
      }
      return plain(404, "there is nothing at this address");
    } catch (error) {
      return plain(500, `this could not be read: ${(error as Error).name}`);
    }
  }

  #start(search: URLSearchParams): Response {
    const headers = new Headers(safeHeaders(this.#page.policy));
    headers.set("content-type", "text/html; charset=utf-8");
    const { token } = this.#options;
    if (token !== undefined && search.has("token")) {
      headers.set("set-cookie", `${TOKEN_COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/`);
    }
    return new Response(this.#page.html, { headers });
  }

  /** Searches the folders, unless that was done a moment ago. */
  async #runs(): Promise<FoundRuns> {
    if (this.#found && performance.now() - this.#foundAt < FRESH_MS) return this.#found;
    const { root, failures } = this.#options;
    this.#searching ??= findRuns(root, undefined, failures).then((found) => {
      this.#found = found;
      this.#foundAt = performance.now();
      return found;
    }).finally(() => this.#searching = undefined);
    return await this.#searching;
  }

  /** The directory of a run that was found; no other directory is ever read. */
  async #directory(search: URLSearchParams): Promise<string | undefined> {
    const id = search.get("run") ?? "";
    return this.#found?.directories.get(id) ?? (await this.#runs()).directories.get(id);
  }

  /** What the list of runs says of a run, or what its directory says where that is newer. */
  async #info(id: string): Promise<FilesAnswer["run"] | undefined> {
    const { answer } = await this.#runs();
    return answer.invocations.flatMap(({ runs }) => runs).find((run) => run.id === id);
  }

  async #files(search: URLSearchParams): Promise<Response> {
    const directory = await this.#directory(search);
    const id = search.get("run")!;
    if (directory === undefined) return plain(404, "there is no such run");
    const run = await this.#info(id) ?? (await readRunInfo(directory, id))?.info;
    if (!run) return plain(404, "the run is not there any more");
    const files = await listFoundFiles(this.#found!, id);
    return json({ run, files } satisfies FilesAnswer);
  }

  async #file(request: Request, search: URLSearchParams): Promise<Response> {
    const directory = await this.#directory(search);
    const path = search.get("path") ?? "";
    if (directory === undefined) return plain(404, "there is no such run");
    using open = await openFoundFile(this.#found!, search.get("run")!, path);
    if (!open) return plain(404, "there is no such file");
    const { from, length } = rangeOf(request.headers.get("range"), open.size);
    const headers = new Headers(safeHeaders());
    headers.set("content-type", "application/octet-stream");
    headers.set("accept-ranges", "bytes");
    if (from >= open.size && open.size > 0) {
      headers.set("content-range", `bytes */${open.size}`);
      return new Response(null, { status: 416, headers });
    }
    const bytes = await readPart(open, from, length);
    const last = from + Math.max(bytes.length, 1) - 1;
    headers.set("content-range", `bytes ${from}-${last}/${open.size}`);
    const whole = bytes.length === open.size;
    return new Response(request.method === "HEAD" ? null : bytes, {
      status: whole ? 200 : 206,
      headers,
    });
  }

  async #tshark(search: URLSearchParams): Promise<Response> {
    const directory = await this.#directory(search);
    const path = search.get("path") ?? "";
    const match = /^(\d{1,12})\.(\d{9})$/.exec(search.get("at") ?? "");
    if (directory === undefined || !isCapture(path) || !match) {
      return plain(404, "there is no such packet");
    }
    const { dissect } = await import("./tshark.ts");
    const at = { path, seconds: Number(match[1]), nanos: Number(match[2]) };
    return json(await dissect(directory, at));
  }

  async #follow(request: Request, search: URLSearchParams): Promise<Response> {
    const directory = await this.#directory(search);
    const paths = search.getAll("path");
    if (directory === undefined) return plain(404, "there is no such run");
    if (paths.length === 0 || paths.length > MOST_FOLLOWED || !paths.every(isRunFile)) {
      return plain(404, "there is no such file");
    }
    const resumed = request.headers.get("last-event-id");
    const id = search.get("run")!;
    const headers = new Headers(safeHeaders());
    headers.set("content-type", "text/event-stream");
    const body = followRun({
      directory,
      paths,
      offsets: parseOffsets(resumed ?? search.get("from"), paths.length),
      info: () => this.#info(id),
      // A reader that goes away cancels the stream.
      signal: this.#options.signal,
    });
    return new Response(body, { headers });
  }
}

/** The part of a file that `Range: bytes=a-b` asks for, cut to what one answer has. */
export function rangeOf(header: string | null, size: number): { from: number; length: number } {
  const match = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? "");
  const from = match ? Number(match[1]) : 0;
  const last = match?.[2] ? Number(match[2]) : size - 1;
  const length = Math.max(0, Math.min(last, size - 1) - from + 1);
  return { from, length: Math.min(length, LARGEST_PART) };
}

function json(value: unknown): Response {
  const headers = new Headers(safeHeaders());
  headers.set("content-type", "application/json");
  return new Response(JSON.stringify(value), { headers });
}

function plain(status: number, text: string): Response {
  const headers = new Headers(safeHeaders());
  headers.set("content-type", "text/plain; charset=utf-8");
  if (status === 405) headers.set("allow", "GET, HEAD");
  return new Response(`${text}\n`, { status, headers });
}
