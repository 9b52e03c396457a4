import type { LoadWatch } from "../../record/load_watch.ts";
import type { ResolvedRecord } from "../../record/options.ts";
import { Recorder } from "../../record/recorder.ts";
import type { RunInfo } from "../../record/run_info.ts";
import type { LabCore, LabRecording } from "../model/lab.ts";
import { readNetwork } from "./reading.ts";

/** The recording of a lab. Nothing that it does throws into the lab. */
export class Recording implements LabRecording {
  #recorder: Recorder;

  constructor(core: LabCore, directory: string, record: ResolvedRecord, watch: LoadWatch) {
    const { bus, label, seed, links } = core;
    this.#recorder = new Recorder({
      directory,
      bus,
      about: { label, seed },
      record,
      watch,
      read: () => readNetwork(core),
      linkEngine: () => links.kind,
    });
  }

  about(test: RunInfo["test"]): void {
    this.#recorder.about(test);
  }

  failed(error: unknown): Promise<void> {
    return this.#recorder.failed(error);
  }

  stop(): void {
    this.#recorder.stop();
  }

  async close(): Promise<void> {
    const error = await this.#recorder.close();
    if (error) throw error;
  }
}
