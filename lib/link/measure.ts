import { ProbeSocket, realtime } from "../../native/frames/probe_socket.ts";
import { NetyardError } from "../../native/error.ts";
import type { Namespace } from "../../native/namespace.ts";
import { macBytes } from "../address/mod.ts";
import {
  type Arrival,
  type DirectionMeasurement,
  type LinkLimits,
  summarize,
  type TrainArrival,
} from "./mod.ts";
import { z } from "zod";
import type { Schema } from "../options/schema.ts";

/** Options of a measurement of a link. */
export interface MeasureOptions {
  /** The number of probes in each direction. Default 200; 50 with a rate and jitter. */
  probes?: number;
  /**
   * The time between two probes, in milliseconds. Default 2. With a rate and jitter, twice the jitter:
   * such a link keeps the order of packets, and a packet that follows closely waits for the one before.
   */
  intervalMs?: number;
}

export const measureOptionsSchema: Schema<MeasureOptions> = z.strictObject({
  probes: z.int().min(1).max(1_000_000).optional(),
  intervalMs: z.number().min(0).max(10_000).optional(),
});

/** The type for experiments in a local network (IEEE 802, table "Ethertypes"). */
const ETHER_TYPE = 0x88b5;
/** The address of LLDP, which no bridge forwards (IEEE 802.1AB). */
const NEAREST_BRIDGE = "01:80:c2:00:00:0e";
const PROBE_BYTES = 64;
const TRAIN_FRAMES = { min: 12, max: 6_000 };
/** Frames of a train that are sent before the event loop has its turn. */
const TRAIN_PART = 500;
const TRAIN_MS = 200;
const UNLIMITED_FRAMES = 2_000;
/** The first probes do not count: the kernel begins to stamp frames some time after the request. */
const WARM_UP_MS = 20;
/** How long to wait for frames beyond the time that the condition explains. */
const PATIENCE_MS = 250;
const POLL_MS = 2;

const enum At {
  Type = 12,
  Kind = 14,
  Seq = 18,
  Time = 22,
  Sum = 30,
  Payload = 34,
}

const enum Kind {
  WarmUp,
  Probe,
}

/** One end of a link, for probing. */
export interface ProbeEnd {
  namespace: Namespace;
  index: number;
  mac: string;
}

/** Probes a link in one direction. Both ends must be up. */
export class DirectionProbe {
  #from: ProbeSocket;
  #to: ProbeSocket;
  #limits: LinkLimits | undefined;
  #mtu: number;
  #source: Uint8Array;
  #arrivals: Arrival[] = [];
  #train: TrainArrival[] = [];
  #sent = 0;
  #trainFrames = 0;

  constructor(from: ProbeEnd, to: ProbeEnd, mtu: number, limits: LinkLimits | undefined) {
    this.#from = from.namespace.enter(() => new ProbeSocket(from.index, ETHER_TYPE));
    this.#to = to.namespace.enter(() => new ProbeSocket(to.index, ETHER_TYPE));
    this.#source = macBytes(from.mac);
    this.#mtu = mtu;
    this.#limits = limits;
  }

  /** Sends probes and then a train of large frames, and summarizes their arrivals. */
  async run(options: MeasureOptions): Promise<DirectionMeasurement> {
    const { rateKbit = 0, jitterMs = 0 } = this.#limits ?? {};
    const isOrdered = rateKbit > 0 && jitterMs > 0;
    const {
      probes = isOrdered ? 50 : 200,
      intervalMs = isOrdered ? Math.max(2, 2 * jitterMs) : 2,
    } = options;
    await this.#sendPaced(Math.ceil(WARM_UP_MS / POLL_MS), POLL_MS, Kind.WarmUp);
    this.#sent = await this.#sendPaced(probes, intervalMs, Kind.Probe);
    await this.#collect(() => this.#arrivals.length >= this.#sent, 0);
    const trainMs = await this.#sendTrain();
    await this.#collect(() => this.#train.length >= this.#trainFrames, trainMs);
    return summarize(this.#limits, this.#sent, this.#arrivals, this.#train);
  }

  async close(): Promise<void> {
    await Promise.all([this.#from.close(), this.#to.close()]);
  }

  /** Sends frames at intervals that do not drift; returns how many the queue accepted. */
  async #sendPaced(count: number, intervalMs: number, kind: Kind): Promise<number> {
    const start = performance.now();
    let sent = 0;
    for (let seq = 0; seq < count;) {
      const due = Math.min(count, Math.floor((performance.now() - start) / intervalMs) + 1);
      while (seq < due) if (this.#send(kind, seq++)) sent++;
      this.#receive();
      await new Promise((resolve) => setTimeout(resolve, Math.min(intervalMs, 50)));
    }
    if (sent === 0) {
      throw new NetyardError(
        `measure(): none of ${count} probes could be sent; the link is down: bring it up by linkUp()`,
      );
    }
    return sent;
  }

  /** Sends a train as fast as possible; returns the time that it takes at the requested rate, in ms. */
  async #sendTrain(): Promise<number> {
    const bytes = this.#mtu + At.Kind;
    const rate = this.#limits?.rateKbit;
    const frameMs = rate ? 8 * bytes / rate : 0;
    const ideal = frameMs ? Math.round(TRAIN_MS / frameMs) : UNLIMITED_FRAMES;
    const frames = Math.min(TRAIN_FRAMES.max, Math.max(TRAIN_FRAMES.min, ideal));
    this.#trainFrames = frames;
    const frame = this.#frame(bytes);
    for (let n = 0; n < frames; n++) {
      this.#from.send(frame);
      // Without a rate, the rate of the prober is measured, which must not pause.
      if (rate && (n + 1) % TRAIN_PART === 0) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    return frames * frameMs;
  }

  #send(kind: Kind, seq: number): boolean {
    const frame = this.#frame(PROBE_BYTES);
    const view = new DataView(frame.buffer);
    view.setUint32(At.Kind, kind);
    view.setUint32(At.Seq, seq);
    view.setFloat64(At.Time, realtime());
    view.setUint32(At.Sum, sum(frame));
    return this.#from.send(frame);
  }

  #frame(bytes: number): Uint8Array<ArrayBuffer> {
    const frame = new Uint8Array(bytes).fill(0x5a, At.Kind);
    frame.set(macBytes(NEAREST_BRIDGE), 0);
    frame.set(this.#source, 6);
    new DataView(frame.buffer).setUint16(At.Type, ETHER_TYPE);
    return frame;
  }

  /** Records the frames that have arrived; returns how many. */
  #receive(): number {
    let n = 0;
    for (let frame; (frame = this.#to.receive()); n++) {
      const { bytes, atNs } = frame;
      if (bytes.length > PROBE_BYTES) {
        this.#train.push({ atNs, bytes: bytes.length });
        continue;
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const whole = view.getUint32(At.Sum) === sum(bytes);
      if (whole && view.getUint32(At.Kind) === Kind.WarmUp) continue;
      const delayMs = (atNs - view.getFloat64(At.Time)) / 1e6;
      this.#arrivals.push({ seq: whole ? view.getUint32(At.Seq) : -1, delayMs });
    }
    return n;
  }

  /** Receives until everything has arrived, or nothing more can be on its way. */
  async #collect(complete: () => boolean, extraMs: number): Promise<void> {
    const { latencyMs = 0, jitterMs = 0 } = this.#limits ?? {};
    const longest = latencyMs + jitterMs + extraMs + PATIENCE_MS;
    let deadline = performance.now() + longest;
    while (performance.now() < deadline) {
      const before = complete();
      if (this.#receive() > 0) {
        const now = performance.now();
        // Copies and late frames may follow after as many as were sent.
        if (!before && complete()) deadline = now + latencyMs + jitterMs + POLL_MS;
        // As long as frames arrive, more may follow.
        else deadline = Math.max(deadline, now + PATIENCE_MS);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** FNV-1a over a frame without the sum itself. */
function sum(frame: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = At.Kind; i < frame.length; i++) {
    if (i < At.Sum || i >= At.Payload) hash = Math.imul(hash ^ frame[i], 0x01000193);
  }
  return hash >>> 0;
}
