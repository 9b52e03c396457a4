import type { Failed } from "../bundle/bundle_info.ts";
import { failureEvent, failuresDirectory, scratchDirectory, told } from "../bundle/failures.ts";
import { writeBundle } from "../bundle/write_bundle.ts";
import { Lab } from "../lab/lab.ts";
import type { LabOptions } from "../lab/options/options.ts";
import { recordingOf } from "../lab/recording/entry.ts";
import { environmentVariable } from "../options/environment.ts";
import { FAILURE_RECORD } from "../record/options.ts";
import type { Verdict } from "../record/verdict.ts";

/**
 * Calls a function with a lab, which is closed when the function ends. The lab is recorded. If the function
 * fails, or the lab cannot be closed, a bundle is written, and the message of the error says where; else
 * the record is removed, unless the options name a directory for it.
 *
 * Bundles are in the directory that the environment variable `NETYARD_FAILURES` names, or else in
 * `.netyard-work/failures` of the working directory. The newest 20 stay there.
 *
 * @param conclude returns the error to throw, by the verdict on the host
 */
export async function recorded(
  failed: Failed,
  options: LabOptions,
  use: (lab: Lab) => void | Promise<void>,
  conclude: (error: unknown, verdict: Verdict) => unknown = (error) => error,
): Promise<void> {
  const isKept = (options.outDir ?? environmentVariable("NETYARD_OUTDIR")) !== undefined;
  const scratch = isKept ? undefined : await scratchDirectory();
  try {
    const lab = await Lab.create({
      ...options,
      record: FAILURE_RECORD,
      ...scratch !== undefined && { outDir: { exact: `${scratch}/run` } },
    });
    const failures: unknown[] = [];
    try {
      await use(lab);
    } catch (error) {
      failures.push(error);
      note(lab, failed, error);
      await recordingOf(lab)?.failed(error);
    }
    if (failures.length === 0 && !isKept) recordingOf(lab)?.discard();
    const { label, seed, linkEngine = null, outDir, verdict } = lab;
    await lab.close().catch((error) => failures.push(error));
    if (failures.length === 0) return;
    const [error] = failures;
    const thrown = await told(failed, error, async () => {
      return await writeBundle(failuresDirectory(), {
        ...{ failed, error, label, seed, linkEngine, verdict },
        run: outDir!,
      });
    });
    throw conclude(thrown, verdict);
  } finally {
    if (scratch !== undefined) await Deno.remove(scratch, { recursive: true });
  }
}

/** Marks the moment of the failure in the events; not in a lab that the function closed. */
function note(lab: Lab, failed: Failed, error: unknown): void {
  try {
    lab.emit(failureEvent(failed), {
      message: error instanceof Error ? error.message : `${error}`,
    });
  } catch {
    // The lab is closed.
  }
}
