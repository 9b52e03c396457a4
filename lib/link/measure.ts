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

/** How a link is probed. */
export interface MeasureOptions {
  /** How many probes are sent in each direction. Default 200; 50 with a rate and jitter. */
  probes?: number;
  /**
   * The time between two probes, in milliseconds. Default 2; with a rate and jitter twice the jitter,
   * for such a link keeps the order of packets: what follows closely waits for what is before it.
   */
  intervalMs?: number;
}

export const measureOptionsSchema: z.ZodType<MeasureOptions> = z.strictObject({
  probes: z.int().min(1).max(1_000_000).optional(),
  intervalMs: z.number().min(0).max(10_000).optional(),
});

/** For experiments in a local network (IEEE 802, table "Ethertypes"). */
const ETHER_TYPE = 0x88b5;
/** An address that no bridge forwards: that of LLDP (IEEE 802.1AB). */
const NEAREST_BRIDGE = "01:80:c2:00:00:0e";
const PROBE_BYTES = 64;
const TRAIN_FRAMES = { min: 12, max: 6_000 };
/** Frames of a train that are sent before others have their turn on this thread. */
const TRAIN_PART = 500;
const TRAIN_MS = 200;
const UNLIMITED_FRAMES = 2_000;
/** The first probes are not counted: the kernel stamps frames from some moment after it is asked to. */
const WARM_UP_MS = 20;
/** What is still on its way is waited for so much longer than the condition explains. */
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
  #asked: LinkLimits | undefined;
  #mtu: number;
  #source: Uint8Array;
  #arrivals: Arrival[] = [];
  #train: TrainArrival[] = [];
  #sent = 0;
  #trainFrames = 0;

  constructor(from: ProbeEnd, to: ProbeEnd, mtu: number, asked: LinkLimits | undefined) {
    this.#from = from.namespace.enter(() => new ProbeSocket(from.index, ETHER_TYPE));
    this.#to = to.namespace.enter(() => new ProbeSocket(to.index, ETHER_TYPE));
    this.#source = macBytes(from.mac);
    this.#mtu = mtu;
    this.#asked = asked;
  }

  async run(options: MeasureOptions): Promise<DirectionMeasurement> {
    const { rateKbit = 0, jitterMs = 0 } = this.#asked ?? {};
    const apart = rateKbit > 0 && jitterMs > 0;
    const { probes = apart ? 50 : 200, intervalMs = apart ? Math.max(2, 2 * jitterMs) : 2 } =
      options;
    await this.#paced(Math.ceil(WARM_UP_MS / POLL_MS), POLL_MS, Kind.WarmUp);
    this.#sent = await this.#paced(probes, intervalMs, Kind.Probe);
    await this.#collect(() => this.#arrivals.length >= this.#sent, 0);
    const trainMs = await this.#sendTrain();
    await this.#collect(() => this.#train.length >= this.#trainFrames, trainMs);
    return summarize(this.#asked, this.#sent, this.#arrivals, this.#train);
  }

  async close(): Promise<void> {
    await Promise.all([this.#from.close(), this.#to.close()]);
  }

  /** Sends frames at times that do not drift; returns how many there was room for. */
  async #paced(count: number, intervalMs: number, kind: Kind): Promise<number> {
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
        `measure(): no probe of ${count} could be sent; the link is down: bring it up by linkUp()`,
      );
    }
    return sent;
  }

  /** Sends a train as fast as it goes; returns how long it takes at the rate that was asked, in ms. */
  async #sendTrain(): Promise<number> {
    const bytes = this.#mtu + At.Kind;
    const rate = this.#asked?.rateKbit;
    const frameMs = rate ? 8 * bytes / rate : 0;
    const wanted = frameMs ? Math.round(TRAIN_MS / frameMs) : UNLIMITED_FRAMES;
    const frames = Math.min(TRAIN_FRAMES.max, Math.max(TRAIN_FRAMES.min, wanted));
    this.#trainFrames = frames;
    const frame = this.#frame(bytes);
    for (let n = 0; n < frames; n++) {
      this.#from.send(frame);
      // A link without a rate has none to be measured but what is sent without a pause.
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

  /** Receives until all came that is to come, or until nothing more can be on its way. */
  async #collect(complete: () => boolean, extraMs: number): Promise<void> {
    const { latencyMs = 0, jitterMs = 0 } = this.#asked ?? {};
    const longest = latencyMs + jitterMs + extraMs + PATIENCE_MS;
    let deadline = performance.now() + longest;
    while (performance.now() < deadline) {
      const before = complete();
      if (this.#receive() > 0) {
        const now = performance.now();
        // Copies and stragglers may follow when as many came as were sent.
        if (!before && complete()) deadline = now + latencyMs + jitterMs + POLL_MS;
        // As long as more come, more may come.
        else deadline = Math.max(deadline, now + PATIENCE_MS);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** FNV-1a over all of a frame but the sum itself. */
function sum(frame: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = At.Kind; i < frame.length; i++) {
    if (i < At.Sum || i >= At.Payload) hash = Math.imul(hash ^ frame[i], 0x01000193);
  }
  return hash >>> 0;
}
