import type { LabCore, LabRecording } from "../model/lab.ts";

/** The core of each lab, for what ends a run from outside: test helpers and simulations. */
const cores: WeakMap<object, LabCore> = new WeakMap();

/**
 * Makes the recording of a lab reachable by its handle.
 *
 * @internal
 */
export function registerLab(lab: object, core: LabCore): void {
  cores.set(lab, core);
}

/**
 * The recording of a lab; undefined if it is not recorded.
 *
 * @internal
 */
export function recordingOf(lab: object): LabRecording | undefined {
  return cores.get(lab)?.recording;
}
