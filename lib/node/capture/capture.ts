/**
 * Packet captures: tcpdump in a node, its output in memory, packets decoded from it, and pcap files.
 * Imports `process`. Begin here.
 *
 * @module
 */
import { NetyardError } from "../../../native/error.ts";
import { parseOptions } from "../../options/parse_options.ts";
import { CaptureBuffer } from "./capture_buffer.ts";
import { CaptureError, PacketExpectedError } from "./capture_errors.ts";
import { late } from "../../std/late.ts";
import type { CaptureOptions, ExpectOptions } from "./capture_options.ts";
import type { Host } from "../process/host.ts";
import { noteCapture } from "./open_captures.ts";
import type { CapturedPacket } from "./packet.ts";
import type { Tcpdump } from "./tcpdump.ts";

/** The program, and what its options must be: loaded by {@link Capture.start}. */
const tcpdump = late(() => import("./tcpdump.ts"));
const schemas = late(() => import("./capture_options.ts"));

/** How many of the last packets an error shows. */
const LAST_SHOWN = 5;

/** What labels begin with, before the name of what is captured. */
const LABEL = /^capture of /;

/** The interface of a capture, and its name in errors. */
export interface CaptureTarget {
  /** The interface in the node, or `any`. */
  interface: string;
  /** The name, for example `capture of laptop eth0`. */
  label: string;
}

/**
 * A running packet capture: a tcpdump in a node, whose output is kept in memory. All readers begin with
 * the first packet and are independent; only {@link Capture.drain} returns each packet once.
 *
 * A capture that ends early, since the node was removed or `maxBytes` are reached, still returns its
 * packets. Waiting for more then fails with the reason.
 */
export class Capture implements AsyncDisposable {
  /** The name in errors, for example `capture of laptop eth0`. */
  readonly label: string;
  #tcpdump: Tcpdump;
  #buffer: CaptureBuffer;
  #forget: () => void;
  #reading: Promise<void>;
  #bytes: ReadableStream<Uint8Array> | undefined;
  #settling: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(host: Host, tcpdump: Tcpdump, label: string, maxBytes: number) {
    this.label = label;
    this.#tcpdump = tcpdump;
    this.#buffer = new CaptureBuffer(label, maxBytes);
    this.#forget = noteCapture(host, label);
    this.#reading = this.#read(host);
  }

  /**
   * Starts a capture; resolves when it is complete from then on.
   *
   * @internal
   */
  static async start(host: Host, target: CaptureTarget, options: CaptureOptions): Promise<Capture> {
    const [{ Tcpdump }, { captureOptionsSchema }] = await Promise.all([
      tcpdump.load(),
      schemas.load(),
    ]);
    const { label } = target;
    const { maxBytes, ...rest } = parseOptions(captureOptionsSchema, options, label);
    const started = await Tcpdump.start(host, { interface: target.interface, ...rest }, label);
    return new Capture(host, started, label, maxBytes);
  }

  /** The number of packets so far. */
  get packetCount(): number {
    return this.#buffer.packetCount;
  }

  /**
   * How many packets the kernel dropped since tcpdump did not keep up, as of the last
   * {@link Capture.drain}, {@link Capture.toFile} or close. More `bufferPackets` prevent that.
   */
  get dropped(): number {
    return this.#tcpdump.counts.dropped;
  }

  /**
   * All of the capture as a pcap file, from its header on, to be read by one reader as it comes. It
   * ends when the capture is closed.
   */
  get bytes(): ReadableStream<Uint8Array> {
    return this.#bytes ??= this.#buffer.stream();
  }

  /** Returns all packets from the first on, until the capture is closed. */
  packets(): AsyncIterable<CapturedPacket> {
    return this.#buffer.packets();
  }

  /**
   * Collects for a while.
   *
   * @param forMs How long, in milliseconds; 0 for what came until now.
   * @returns A pcap file of all packets since the last drain, or since the start.
   */
  async drain(forMs: number): Promise<Uint8Array> {
    parseOptions(schemas().drainSchema, forMs, `${this.label}: drain()`);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const passed = new Promise<void>((resolve) => timer = setTimeout(resolve, forMs));
    await Promise.race([passed, this.#reading]);
    clearTimeout(timer);
    await this.#settle();
    return this.#buffer.drain();
  }

  /**
   * Waits for a packet, which may have come before.
   *
   * @param predicate Returns whether a packet matches; called for each packet from the first on.
   * @param options How long to wait, and what for.
   * @returns The first match.
   * @throws {PacketExpectedError} If none comes in time, or before the capture is closed.
   *
   * @example
   * ```ts ignore
   * const query = await capture.expect((packet) => packet.destinationPort === 53, {
   *   what: "a DNS query",
   * });
   * ```
   */
  async expect(
    predicate: (packet: CapturedPacket) => boolean,
    options: ExpectOptions = {},
  ): Promise<CapturedPacket> {
    const { timeoutMs, what } = parseOptions(
      schemas().expectOptionsSchema,
      options,
      `${this.label}: expect()`,
    );
    const packets = this.#buffer.packets();
    let late = false;
    const timer = setTimeout(async () => {
      await this.#settle().catch(() => {}); // What came in time, and is not written yet, counts.
      late = true;
      void packets.return();
    }, timeoutMs);
    const last: CapturedPacket[] = [];
    let seen = 0;
    try {
      for await (const packet of packets) {
        if (predicate(packet)) return packet;
        seen++;
        last.push(packet);
        if (last.length > LAST_SHOWN) last.shift();
      }
    } finally {
      clearTimeout(timer);
    }
    const until = late ? `within ${timeoutMs} ms` : "until it was closed";
    const shown = last.map((packet) => `\n  ${packet}`).join("");
    throw new PacketExpectedError(
      `${this.label}: expected ${what}, and ${until} none of ${seen} packets was it` +
        (seen === 0 ? "" : `; the last of them:${shown}`),
      seen,
    );
  }

  /**
   * Writes all packets so far to a file, atomically. It can be called again.
   *
   * A path that ends in `.pcapng` makes a pcapng file, whose interface has the name of the node and the
   * interface (`laptop eth0`), so that Wireshark and `mergecap` tell several captures apart; any other
   * makes a pcap file.
   *
   * @example
   * ```ts ignore
   * await capture.toFile("laptop.pcapng");
   * ```
   */
  async toFile(path: string | URL): Promise<void> {
    await this.#settle();
    const [{ replaceFile }, { dirname, resolve }] = await Promise.all([
      import("../../files/atomic.ts"),
      import("node:path"),
    ]);
    const target = path instanceof URL ? decodeURIComponent(path.pathname) : resolve(path);
    let chunks: Iterable<Uint8Array> = this.#buffer.whole();
    if (target.endsWith(".pcapng")) {
      const { pcapngOf } = await import("../../packets/file/convert.ts");
      chunks = pcapngOf(chunks, this.label.replace(LABEL, ""));
    }
    try {
      await replaceFile(target, async (temporary) => {
        using file = await Deno.open(temporary, { write: true, createNew: true });
        for (const chunk of chunks) {
          for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
        }
      });
    } catch (cause) {
      throw new CaptureError(
        `${this.label}: toFile("${target}"): ${(cause as Error).message}; see that ` +
          `${dirname(target)} is a directory, and can be written to`,
        { cause },
      );
    }
    this.#buffer.check();
  }

  /**
   * Ends the capture with all packets so far, which can still be read. Idempotent.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#settle().catch(() => {});
    await this.#tcpdump.stop();
    await this.#reading;
  }

  /** Closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Waits until all packets until now are in the buffer. */
  async #settle(): Promise<void> {
    const settled = this.#settling.then(() => this.#tcpdump.settle());
    this.#settling = settled;
    if (!await settled) {
      throw new CaptureError(
        `${this.label}: its tcpdump does not answer; see whether it was stopped (SIGSTOP)`,
      );
    }
    await Promise.race([this.#buffer.has(this.#tcpdump.counts.captured), this.#reading]);
  }

  async #read(host: Host): Promise<void> {
    let reason: Error | undefined;
    try {
      for await (const chunk of this.#tcpdump.stdout) this.#buffer.add(chunk);
    } catch (error) {
      // The buffer takes no more.
      reason = error as Error;
      this.#tcpdump.kill();
    }
    await this.#tcpdump.ended;
    this.#forget();
    if (!this.#closing) reason ??= this.#whyEnded(host);
    this.#buffer.end(reason);
  }

  #whyEnded(host: Host): Error {
    try {
      host.ready();
    } catch (error) {
      const { message } = error as NetyardError;
      return new CaptureError(`${this.label} ended: ${message}`, { cause: error });
    }
    const words = this.#tcpdump.words || "it said nothing";
    return new CaptureError(`${this.label} ended, since its tcpdump did: ${words}`);
  }
}
