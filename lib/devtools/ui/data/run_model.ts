import { Counters } from "../../model/counters.ts";
import { EventLog } from "../../model/event_log.ts";
import type { Lane } from "../../model/lanes/lane.ts";
import { lanesOf } from "../../model/lanes/lanes.ts";
import { StateHistory } from "../../model/history.ts";
import { Telemetry } from "../../model/lanes/telemetry.ts";
import { Timeline } from "../../model/timeline.ts";
import type { FilesAnswer, RunFile, RunInfo } from "../../model/types.ts";
import { Observed } from "./observed.ts";
import { PacketModel } from "./packet_model.ts";
import { fileAt, type Source } from "./source.ts";

const EVENTS = "events.jsonl";
const COUNTERS = "counters.jsonl";
const TELEMETRY = "telemetry.jsonl";

/** The first part of a log is small, so that the first picture comes soon. */
const FIRST_BYTES = 1 << 20;

/** How long and how much is parsed before the page may draw. */
const SLICE_MS = 10;
const SLICE_BYTES = 128 << 10;

/** Resolves after what waits to be done, such as drawing; sooner than a timer. */
function nextTask(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(null);
  return promise;
}

/** A run that is shown: its events and counters, as far as they are loaded, which may still grow. */
export class RunModel extends Observed {
  readonly id: string;
  readonly source: Source;
  info: RunInfo | undefined;
  files: RunFile[] = [];
  log = new EventLog();
  history = new StateHistory(this.log);
  timeline = new Timeline(this.log);
  counters = new Counters();
  telemetry = new Telemetry();
  #lanes: { key: string; lanes: Lane[] } | undefined;
  /** Whether everything that was written so far is loaded. */
  loaded = false;
  /** Why it cannot be shown. */
  error: string | undefined;
  /** What the reader should know: the connection is lost, the folder is gone. */
  notice: string | undefined;
  #packets: PacketModel | undefined;
  #stop: (() => void) | undefined;
  #closed = false;

  constructor(source: Source, id: string) {
    super();
    this.source = source;
    this.id = id;
    this.#load().catch((error) => {
      this.error = error.message;
      this.changed();
    });
  }

  /** Whether the run still grows. */
  get live(): boolean {
    return this.#stop !== undefined && this.info?.status === "running";
  }

  /** The packets: nothing is read of them before the view that shows them wants it. */
  get packets(): PacketModel {
    return this.#packets ??= new PacketModel(this.source, this.id);
  }

  /** The wall clock at the lab's start, in milliseconds since 1970. */
  get startMs(): number {
    const first = this.log.entries.find(({ event }) => event)?.event;
    return first ? Date.parse(first.at) - first.elapsedMs : NaN;
  }

  /** The lanes of the timeline; the same list as long as nothing was added. */
  get lanes(): Lane[] {
    const { log, telemetry, counters } = this;
    const key = [log, telemetry, counters].map(({ nextByte }) => nextByte).join();
    if (this.#lanes?.key !== key) {
      this.#lanes = { key, lanes: lanesOf(this.timeline, telemetry, counters) };
    }
    return this.#lanes.lanes;
  }

  /** Ends the loading and following. */
  close(): void {
    this.#closed = true;
    this.#packets?.close();
    this.#stop?.();
    this.#stop = undefined;
  }

  async #load(): Promise<void> {
    this.#take(await this.source.files(this.id));
    await this.#read(EVENTS, (bytes) => this.log.push(bytes), () => this.log.nextByte);
    for (
      const [path, target] of [[COUNTERS, this.counters], [TELEMETRY, this.telemetry]] as const
    ) {
      if (!fileAt(this.files, path)) continue;
      await this.#read(path, (bytes) => target.push(bytes), () => target.nextByte);
    }
    if (this.#closed) return;
    this.loaded = true;
    const grows = this.source.live && this.info?.status === "running";
    if (grows) this.#follow();
    else this.log.finish();
    this.changed();
  }

  async #read(path: string, push: (bytes: Uint8Array) => void, at: () => number): Promise<void> {
    while (!this.#closed) {
      const most = at() === 0 ? FIRST_BYTES : undefined;
      const part = await this.source.read(this.id, path, at(), most);
      if (!part || part.bytes.length === 0) return;
      await this.#pushAll(part.bytes, push);
      this.changed();
      if (at() >= part.size) return;
      // The page draws between two parts.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  /** Takes bytes a little at a time, so that the page answers the reader meanwhile. */
  async #pushAll(bytes: Uint8Array, push: (bytes: Uint8Array) => void): Promise<void> {
    let until = performance.now() + SLICE_MS;
    for (let at = 0; at < bytes.length && !this.#closed; at += SLICE_BYTES) {
      if (performance.now() > until) {
        await nextTask();
        until = performance.now() + SLICE_MS;
      }
      push(bytes.subarray(at, at + SLICE_BYTES));
    }
  }

  #take(answer: FilesAnswer): void {
    this.info = answer.run;
    this.files = answer.files;
    this.changed();
  }

  #follow(): void {
    const paths = [EVENTS, COUNTERS, TELEMETRY];
    const targetOf = (file: number) => [this.log, this.counters, this.telemetry][file];
    const from = paths.map((_, file) => targetOf(file).nextByte);
    const reset = (file: number) => {
      if (file === 1) this.counters = new Counters();
      else if (file === 2) this.telemetry = new Telemetry();
      else {
        this.log = new EventLog();
        this.history = new StateHistory(this.log);
        this.timeline = new Timeline(this.log);
      }
      this.changed();
    };
    this.#stop = this.source.follow(this.id, paths, from, {
      data: (file, bytes, from) => {
        const target = targetOf(file);
        // A connection that resumed may send again what is here.
        const known = target.nextByte - from;
        if (known < bytes.length) target.push(bytes.subarray(Math.max(0, known)));
        this.changed();
      },
      restart: reset,
      files: (answer) => {
        this.#take(answer);
        const size = fileAt(answer.files, EVENTS)?.size ?? 0;
        if (answer.run.status !== "running" && this.log.nextByte >= size) this.#end();
      },
      gone: () => {
        this.notice = "The folder of this run is not there any more; this is what was read of it.";
        this.#end();
      },
      connected: (is) => {
        this.notice = is ? undefined : "The connection to the server is lost; trying again.";
        this.changed();
      },
    });
  }

  #end(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.log.finish();
    this.changed();
  }
}
