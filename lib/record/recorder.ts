import { threadCpuMs } from "../../native/process/cpu_time.ts";
import { AppendFile } from "../events/append_file.ts";
import type { EventBus, EventKind, LabEvent } from "../events/mod.ts";
import { describeFailure, type Place } from "./failure.ts";
import { type HostTotals, readWaitedMs } from "./host_load.ts";
import type { LoadWatch } from "./load_watch.ts";
import type { ResolvedRecord } from "./options.ts";
import { Pace } from "./pace.ts";
import { RunFile } from "./run_file.ts";
import { type RunInfo, startingRun } from "./run_info.ts";
import { changedLine, type Counters, type HostSample, NO_SAMPLE } from "./sample.ts";
import type { Lateness } from "./verdict.ts";

/** The time between two looks at the event loop, and the least time between two samples. */
const BEAT_MS = 50;

/** Events that change nothing about the network. */
const QUIET: ReadonlySet<EventKind> = new Set<EventKind>([
  "custom",
  "command-started",
  "command-ended",
  "task-started",
  "task-ended",
  "thread-failed",
  "reflector-started",
  "reflector-stopped",
  "dns-entry",
  "nameserver-changed",
]);

/** The counters of a network at this moment, and how late the emulator's packets are. */
export interface NetworkReading {
  counters: Omit<Counters, "host">;
  late: Lateness[];
}

/** What a {@link Recorder} records, and where. */
export interface RecorderOptions {
  /** The directory of the run. */
  directory: string;
  bus: EventBus;
  about: Pick<RunInfo, "label" | "seed">;
  record: ResolvedRecord;
  watch: LoadWatch;
  /** Reads the counters of everything that is there now. What vanishes meanwhile is left out. */
  read(): NetworkReading;
  /** The link engine of the lab, once it has one. */
  linkEngine(): string | undefined;
  /** Called every 50 ms. */
  beat(): void;
}

/**
 * Records a run: `counters.jsonl`, and `run.json` from the start to the end. Nothing that it does
 * throws into the lab; {@linkcode Recorder.close} returns the first error.
 */
export class Recorder {
  #options: RecorderOptions;
  #run: RunFile;
  #file: AppendFile;
  #pace: Pace;
  #before: Counters = NO_SAMPLE;
  #stopListening: () => void;
  #timer: ReturnType<typeof setInterval>;
  #beatAt = performance.now();
  #waitedMs = readWaitedMs();
  #lagMs = 0;
  #failing: Promise<void> | undefined;
  #stopped = false;
  #error: Error | undefined;

  constructor(options: RecorderOptions) {
    const { directory, bus, about, record } = options;
    this.#options = options;
    this.#run = new RunFile(directory, startingRun({ ...about, record }));
    const path = `${directory}/counters.jsonl`;
    this.#file = new AppendFile(path, () => Deno.open(path, { createNew: true, append: true }));
    this.#pace = new Pace(record.countersMs, performance.now());
    this.#stopListening = bus.listen((event) => this.#heard(event));
    // An interval, as a timer that is set anew would look like a leak to `deno test`.
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    Deno.unrefTimer(this.#timer);
  }

  /** Notes the test that made the lab. */
  about(test: RunInfo["test"]): void {
    this.#run.update({ test });
  }

  /** Notes that the run failed; the first error counts. Resolves when it is written. */
  failed(error: unknown, place?: Place): Promise<void> {
    const verdict = this.#options.watch.verdict();
    return this.#failing ??= describeFailure(error, place).then(async (error) => {
      this.#run.update({ error, status: "failed", verdict });
      await this.#run.written();
    });
  }

  /** Takes the last sample, while everything is still there. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#stopListening();
    this.#sample(performance.now());
  }

  /** Writes the end of the run, and closes the files. Returns the first error. */
  async close(): Promise<Error | undefined> {
    this.stop();
    await this.#failing;
    const { watch } = this.#options;
    this.#run.update({
      status: this.#failing ? "failed" : "closed",
      endedAt: new Date().toISOString(),
      // The last verdict before explains the failure; the load of the end does not.
      verdict: (this.#failing && watch.said) || watch.verdict(),
    });
    const errors = [await this.#file.close(), await this.#run.written(), this.#error];
    return errors.find((error) => error !== undefined);
  }

  #heard({ kind }: LabEvent): void {
    if (!QUIET.has(kind)) this.#pace.changed();
  }

  #beat(): void {
    const now = performance.now();
    const lagMs = Math.max(0, now - this.#beatAt - BEAT_MS);
    this.#beatAt = now;
    this.#lagMs = Math.max(this.#lagMs, lagMs);
    // The loop is also late when a function of the test itself takes long: that is not the host.
    const waitedMs = readWaitedMs();
    if (waitedMs !== undefined && this.#waitedMs !== undefined) {
      this.#options.watch.waited(Math.min(lagMs, waitedMs - this.#waitedMs));
    }
    this.#waitedMs = waitedMs;
    this.#options.beat();
    if (this.#pace.isDue(now)) this.#sample(now);
  }

  #sample(nowMs: number): void {
    const { bus, watch, read, linkEngine } = this.#options;
    const before = threadCpuMs();
    try {
      const elapsedMs = bus.elapsedMs;
      const { counters, late } = read();
      watch.late(late);
      const host = hostSample(watch.look(), this.#lagMs, late);
      this.#lagMs = 0;
      const sample: Counters = { ...counters, host };
      const line = changedLine(this.#before, sample, elapsedMs);
      this.#before = sample;
      if (line) void this.#file.write(new TextEncoder().encode(JSON.stringify(line) + "\n"));
      this.#run.update({ linkEngine: linkEngine() ?? null });
    } catch (error) {
      // The lab goes on without this sample.
      this.#error ??= error as Error;
    }
    this.#pace.sampled(nowMs, threadCpuMs() - before);
  }
}

function hostSample(totals: HostTotals, lagMs: number, late: Lateness[]): HostSample {
  const packets = late.reduce((sum, one) => sum + one.packets, 0);
  const sum = late.reduce((sum, one) => sum + one.packets * one.meanLateMs, 0);
  return {
    cpuSome10: totals.cpu?.some10,
    ioSome10: totals.io?.some10,
    memorySome10: totals.memory?.some10,
    loopLagMs: round(lagMs),
    ...packets > 0 && {
      emulatorLateMs: round(sum / packets),
      emulatorMaxLateMs: round(Math.max(...late.map(({ maxLateMs }) => maxLateMs))),
    },
  };
}

const round = (ms: number) => Math.round(ms * 1000) / 1000;
