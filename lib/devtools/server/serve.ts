import { ServeError } from "./errors.ts";
import { isLoopback, parseBind } from "./guard.ts";
import { Handler } from "./handler.ts";

/** How runs are served. */
export interface ServeRunsOptions {
  /** The folder whose runs are shown. */
  root: string;
  /** A folder of failure bundles elsewhere, which are shown too. */
  failures?: string;
  /** The address and the port; port 0 for any. Default `127.0.0.1:7421`. */
  bind?: string;
  /** The secret that every request needs. An address that other hosts reach is refused without one. */
  token?: string;
}

/** A server of the devtools. */
export interface DevtoolsServer extends AsyncDisposable {
  /** The address of the page, with the token if there is one. */
  readonly url: string;
  /** Ends the server and all of its connections. */
  close(): Promise<void>;
}

/** The default address. */
export const DEFAULT_BIND = "127.0.0.1:7421";

/** Shorter tokens could be guessed. */
const SHORTEST_TOKEN = 16;

/**
 * Serves the page and the runs of a folder, read-only.
 *
 * @throws {ServeError} the address cannot be used, or needs a token
 */
export function serveRuns(
  { root, failures, bind = DEFAULT_BIND, token }: ServeRunsOptions,
): DevtoolsServer {
  const address = parseBind(bind);
  if (!address) {
    throw new ServeError(`"${bind}" is not an address and a port, such as ${DEFAULT_BIND}`);
  }
  const { hostname, port } = address;
  if (token === undefined && !isLoopback(hostname)) {
    throw new ServeError(
      `other hosts reach ${hostname}, and a run may have secrets in its logs: ` +
        "give a --token that they must know, or bind to 127.0.0.1",
    );
  }
  if (token !== undefined && (token.length < SHORTEST_TOKEN || !/^[\w.~-]+$/.test(token))) {
    throw new ServeError(
      `the token must have at least ${SHORTEST_TOKEN} letters, digits, and . _ ~ - only`,
    );
  }
  const controller = new AbortController();
  const handler = new Handler({ root, failures, hostname, token, signal: controller.signal });
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve(
      { hostname, port, onListen: () => {}, onError: () => new Response(null, { status: 500 }) },
      (request) => handler.handle(request),
    );
  } catch (cause) {
    const why = cause instanceof Deno.errors.AddrInUse
      ? "another program uses this port; is another netyard serve running? Choose one with --bind"
      : (cause as Error).message;
    throw new ServeError(`cannot serve at ${bind}: ${why}`, { cause });
  }
  const name = hostname.includes(":") ? `[${hostname}]` : hostname;
  const close = async () => {
    controller.abort();
    await server.shutdown();
  };
  return {
    url: `http://${name}:${server.addr.port}/${token === undefined ? "" : `?token=${token}`}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}
