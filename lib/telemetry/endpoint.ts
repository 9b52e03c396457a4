import type { Host } from "../node/process/host.ts";
import { late } from "../std/late.ts";
import type { OtlpServices } from "./otlp_server.ts";
import { ENDPOINT_IP, ENDPOINT_PORT } from "./variables.ts";

/** Loaded with the first request. */
const server = late(() => import("./otlp_server.ts"));

/** How long requests may take to end once the node's programs have. */
const END_MS = 1_000;

/** A server on the loopback of a node, to which its programs send telemetry. */
export class Endpoint {
  #server: Deno.HttpServer;
  #abort = new AbortController();
  #closed: Promise<void> | undefined;

  /**
   * Starts it, in a fraction of a millisecond. It does not keep the process alive.
   *
   * @throws the error of the system if it cannot listen, for example because a program has the port
   */
  constructor(host: Host, services: OtlpServices) {
    const { signal } = this.#abort;
    const options = { hostname: ENDPOINT_IP, port: ENDPOINT_PORT, signal, onListen() {} };
    // The socket is made within the call, and stays in the namespace.
    this.#server = host.namespace.enter(() =>
      Deno.serve(options, async (request) => {
        const { answerOtlp } = await server.load();
        return await answerOtlp(request, services);
      })
    );
    this.#server.unref();
  }

  /** Answers what it has received, and stops. Idempotent: later calls wait for the first. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    const timer = setTimeout(() => this.#abort.abort(), END_MS);
    this.#server.ref();
    await this.#server.shutdown();
    clearTimeout(timer);
  }
}
