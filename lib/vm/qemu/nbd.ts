import { dial } from "../socket/dial.ts";
import { DiskError } from "../options/errors.ts";

/** The most bytes of a request; a server need not accept more than 32 MiB. */
const REQUEST_BYTES = 4 * 2 ** 20;

const IHAVEOPT = 0x49484156454f5054n;
const OPTION_REPLY = 0x3e889045565a9n;
const REQUEST = 0x25609513;
const REPLY = 0x67446698;
const FIXED_NEWSTYLE = 1;
const OPT_GO = 7;
const REP_ACK = 1;
const REP_ERROR = 2 ** 31;
const READ = 0;
const WRITE = 1;
const DISCONNECT = 2;
const FLUSH = 3;

/** The errors of the protocol; others are reported by their number. */
const ERRORS: Record<number, string> = {
  1: "not permitted",
  5: "Input/output error",
  12: "out of memory",
  22: "invalid request",
  28: "no space left on the host",
};

/**
 * A client of a network block device (NBD) on a Unix socket: only what reading and writing needs, one
 * request at a time.
 *
 * Source: the NBD project's doc/proto.md.
 */
export class NbdClient implements Disposable {
  #conn: Deno.Conn;
  #what: string;

  private constructor(conn: Deno.Conn, what: string) {
    this.#conn = conn;
    this.#what = what;
  }

  /**
   * Connects to an export, as soon as the server listens.
   *
   * @param options.what The call, for messages.
   * @throws {DiskError} If the server does not offer it.
   */
  static async connect(
    path: string,
    options: { exportName: string; what: string; timeoutMs: number; signal?: AbortSignal },
  ): Promise<NbdClient> {
    const { what, exportName } = options;
    const conn = await dial(path, options).catch((cause) => {
      throw new DiskError(`${what}: no connection to the disk: ${cause.message}`, { cause });
    });
    const client = new NbdClient(conn, what);
    try {
      await client.#begin(exportName);
      return client;
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  /** Reads bytes from an offset on. */
  async read(from: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const data = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += REQUEST_BYTES) {
      const part = data.subarray(at, at + REQUEST_BYTES);
      await this.#request(READ, from + at, part.length);
      await this.#fill(part);
    }
    return data;
  }

  /** Writes bytes from an offset on; resolves when they are flushed to the disk. */
  async write(from: number, data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; at += REQUEST_BYTES) {
      const part = data.subarray(at, at + REQUEST_BYTES);
      await this.#request(WRITE, from + at, part.length, part);
    }
    await this.#request(FLUSH, 0, 0);
  }

  /** Disconnects, and resolves when the server has closed the connection. */
  async close(): Promise<void> {
    try {
      await this.#send(request(DISCONNECT, 0, 0));
      await this.#conn.read(new Uint8Array(1));
    } catch {
      // The server is gone.
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** Closes the connection. Idempotent. */
  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed already.
    }
  }

  async #begin(exportName: string): Promise<void> {
    const hello = await this.#take(18); // NBDMAGIC, IHAVEOPT, flags
    if (hello.getBigUint64(8) !== IHAVEOPT) throw this.#broken("its greeting is not NBD");
    const name = new TextEncoder().encode(exportName);
    const message = new DataView(new ArrayBuffer(4 + 16 + 4 + name.length + 2));
    message.setUint32(0, FIXED_NEWSTYLE);
    message.setBigUint64(4, IHAVEOPT);
    message.setUint32(12, OPT_GO);
    message.setUint32(16, 4 + name.length + 2);
    message.setUint32(20, name.length);
    const bytes = new Uint8Array(message.buffer);
    bytes.set(name, 24); // followed by no information requests
    await this.#send(bytes);
    for (;;) {
      const head = await this.#take(20);
      if (head.getBigUint64(0) !== OPTION_REPLY) throw this.#broken("it did not answer the option");
      const type = head.getUint32(12);
      const said = await this.#take(head.getUint32(16));
      if (type === REP_ACK) return;
      if (type >= REP_ERROR) throw this.#broken(new TextDecoder().decode(said) || `error ${type}`);
    }
  }

  async #request(type: number, from: number, length: number, data?: Uint8Array): Promise<void> {
    await this.#send(request(type, from, length));
    if (data) await this.#send(data);
    const answer = await this.#take(16);
    if (answer.getUint32(0) !== REPLY) throw this.#broken("it did not send a reply");
    const error = answer.getUint32(4);
    if (error !== 0) {
      throw new DiskError(`${this.#what}: ${ERRORS[error] ?? `error ${error} of the disk`}`);
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  async #take(length: number): Promise<DataView> {
    const bytes = new Uint8Array(length);
    await this.#fill(bytes);
    return new DataView(bytes.buffer);
  }

  async #fill(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const n = await this.#conn.read(bytes.subarray(at));
      if (n === null) throw this.#broken("the connection ended");
      at += n;
    }
  }

  #broken(why: string): DiskError {
    return new DiskError(`${this.#what}: QEMU does not offer the disk: ${why}`);
  }
}

function request(type: number, from: number, length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(28));
  view.setUint32(0, REQUEST);
  view.setUint16(6, type);
  view.setBigUint64(16, BigInt(from));
  view.setUint32(24, length);
  return new Uint8Array(view.buffer);
}
