import type { Buffer } from "node:buffer";
import type { RemoteInfo } from "node:dgram";
import type { Host } from "../node/process/host.ts";
import { closeUdp, type UdpSocket, udpSocket } from "../node/reflector/reflector.ts";
import { released } from "../node/reflector/released.ts";
import { answerFrom, answerNothing, lacksAaaa, type NameTable, synthesize } from "./answer.ts";
import { Dns64Error } from "./errors.ts";
import { Forwarder } from "./forwarder.ts";
import {
  askInstead,
  fitUdp,
  isStandardQuery,
  isTruncated,
  type Message,
  Rcode,
  rcodeOf,
  readMessage,
  respond,
  validatesItself,
  writeMessage,
} from "./messages.ts";
import { readFramed, writeFramed } from "./stream.ts";

/** The settings of a DNS64 server. */
export interface Dns64Options {
  /** Returns the names that it answers itself, as they are now. */
  names(): NameTable;
  /** Returns the name server for all other names, if there is one. */
  nameserver(): string | undefined;
  /** Whether it answers a client: only those downstream of its router. */
  serves(ip: string): boolean;
  /** The /96 prefix that embeds IPv4 addresses. */
  prefix: string;
}

const PORT = 53;
const ANY = "::";

/** A name server in a router that synthesizes IPv6 addresses of names that have none (RFC 6147). */
export class Dns64Server {
  #host: Host;
  #options: Dns64Options;
  #forwarder: Forwarder;
  #udp: UdpSocket;
  #tcp: Deno.TcpListener;
  #serving: Promise<void>;
  #open = new Set<Deno.TcpConn>();
  #closed: Promise<void> | undefined;

  /**
   * Starts the server in a node, on port 53 of UDP and TCP. It does not keep the process alive.
   *
   * @throws {Dns64Error} If the port is taken.
   */
  constructor(host: Host, options: Dns64Options) {
    this.#host = host;
    this.#options = options;
    this.#forwarder = new Forwarder(host);
    const what = `${host.name}: DNS64`;
    try {
      this.#tcp = host.namespace.enter(() => Deno.listen({ hostname: ANY, port: PORT }));
    } catch (cause) {
      throw new Dns64Error(
        `${what}: cannot listen on port ${PORT}: ${(cause as Error).message}; stop the program ` +
          "in the router that uses it, or create the router with dns64: false",
        { cause },
      );
    }
    this.#tcp.unref();
    this.#udp = udpSocket(host, { ip: ANY, port: PORT }, what);
    const { socket } = this.#udp;
    socket.unref();
    // Fails only if a program uses this port of UDP alone; clients by TCP are still answered.
    this.#udp.bound.catch(() => {});
    socket.on("message", (data, from) => void this.#answerUdp(data, from));
    socket.on("error", () => {}); // A client that closed its socket.
    this.#serving = this.#serve();
  }

  /** Stops the server and frees the port. Idempotent: later calls wait for the first. */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#tcp.close();
    this.#forwarder.close();
    for (const connection of this.#open) closeQuietly(connection);
    const unbound = await this.#udp.bound.then(() => false, () => true);
    await Promise.all([unbound || closeUdp(this.#udp), this.#serving]);
    const address = { ip: ANY, port: PORT };
    // Another program has the port of UDP if the server could not bind it.
    const protocols = unbound ? ["tcp" as const] : ["tcp" as const, "udp" as const];
    await Promise.all(protocols.map((protocol) => released(this.#host, protocol, address)));
  }

  async #answerUdp(data: Buffer, from: RemoteInfo): Promise<void> {
    const query = this.#read(data, from.address);
    if (!query) return;
    const answer = await this.#answer(query, data, "udp");
    if (this.#closed) return;
    const bytes = answer instanceof Uint8Array ? answer : fitUdp(query, answer);
    this.#udp.socket.send(bytes, from.port, from.address, () => {});
  }

  async #serve(): Promise<void> {
    const conversations = new Set<Promise<void>>();
    try {
      for await (const connection of this.#tcp) {
        this.#open.add(connection);
        const conversation = this.#converse(connection).catch(() => {}).finally(() => {
          if (this.#open.delete(connection)) closeQuietly(connection);
          conversations.delete(conversation);
        });
        conversations.add(conversation);
      }
    } catch {
      // The listener is closed.
    }
    await Promise.all(conversations);
  }

  async #converse(connection: Deno.TcpConn): Promise<void> {
    const { hostname } = connection.remoteAddr;
    for (let data; (data = await readFramed(connection));) {
      const query = this.#read(data, hostname);
      if (!query) return;
      const answer = await this.#answer(query, data, "tcp");
      const bytes = answer instanceof Uint8Array ? answer : writeMessage(answer);
      await writeFramed(connection, bytes);
    }
  }

  /** Decodes a query of a downstream client; undefined for anything else. */
  #read(data: Uint8Array, from: string): Message | undefined {
    if (!this.#options.serves(from)) return undefined;
    const message = readMessage(data);
    return message?.type === "query" ? message : undefined;
  }

  async #answer(query: Message, bytes: Uint8Array, by: "udp" | "tcp") {
    const { names, nameserver, prefix } = this.#options;
    if (!isStandardQuery(query)) return respond(query, [], { rcode: Rcode.NotImp });
    if (query.questions?.length !== 1) return respond(query, [], { rcode: Rcode.FormErr });
    const known = answerFrom(names(), query, prefix);
    if (known) return known;
    const server = nameserver();
    if (server === undefined) return answerNothing(query);
    const answer = await this.#forwarder.ask(server, bytes, by);
    if (!answer) return respond(query, [], { rcode: Rcode.ServFail });
    const isAaaa = query.questions[0].type === "AAAA" && query.questions[0].class === "IN";
    return isAaaa && !validatesItself(query)
      ? await this.#withAaaa(query, answer, server, by)
      : answer;
  }

  /** Returns the answer to a AAAA question; synthesizes addresses if it has none. */
  async #withAaaa(query: Message, answer: Uint8Array, server: string, by: "udp" | "tcp") {
    const response = readMessage(answer);
    if (!response) return respond(query, [], { rcode: Rcode.ServFail });
    const isFinal = rcodeOf(response) === Rcode.NxDomain || isTruncated(response);
    if (isFinal || !lacksAaaa(response)) return answer;
    const question = writeMessage(askInstead(query, query.id ?? 0, "A"));
    const other = await this.#forwarder.ask(server, question, by);
    const v4 = other && readMessage(other);
    if (!v4 || rcodeOf(v4) !== Rcode.None || !v4.answers?.some(({ type }) => type === "A")) {
      return answer;
    }
    return synthesize(query, v4, this.#options.prefix);
  }
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Already closed.
  }
}
