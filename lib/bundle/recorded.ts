import { Lab } from "../lab/lab.ts";
import type { LabOptions } from "../lab/options/options.ts";
import { recordingOf } from "../lab/recording/entry.ts";
import { environmentVariable } from "../options/environment.ts";
import type { Verdict } from "../record/verdict.ts";
import type { Failed } from "./bundle_info.ts";
import { failuresDirectory } from "./failures_directory.ts";
import { failureEvent, writeBundle } from "./write_bundle.ts";

/** A directory in memory, where a record costs no disk. */
const MEMORY = "/dev/shm";

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
      record: "events",
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

async function scratchDirectory(): Promise<string> {
  const prefix = "netyard-record-";
  return await Deno.makeTempDir({ dir: MEMORY, prefix })
    .catch(() => Deno.makeTempDir({ prefix })); // not every system has it
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

/** The error, whose message and stack trace say where the bundle is, or why there is none. */
async function told(
  failed: Failed,
  thrown: unknown,
  write: () => Promise<string>,
): Promise<Error> {
  const error = thrown instanceof Error ? thrown : new Error(`${thrown}`, { cause: thrown });
  let where: string;
  try {
    const bundle = await write();
    where =
      `what happened is recorded in ${bundle} (and in ${bundle}.zip): begin with failure.txt` +
      `\nto see it in the browser: netyard show ${bundle} --open` +
      (failed.file === null ? "" : `\nto run this test again: netyard replay ${bundle}`);
  } catch (cause) {
    where = `no record of this failure could be kept: ${(cause as Error).message}; make its ` +
      "directory writable, or name another in NETYARD_FAILURES";
  }
  const stack = error.stack;
  const message = `${error.message}\n\n${where}`;
  // A frozen error stays as it is.
  if (!Reflect.set(error, "message", message)) return new Error(message, { cause: error });
  if (stack !== undefined) {
    // The stack trace begins with the message as it was.
    const before = message.slice(0, message.length - where.length - 2);
    Reflect.set(error, "stack", stack.replace(before, () => message));
  }
  return error;
}
