import { RunDirectoryError } from "../../events/mod.ts";
import { linkAtomically } from "../../files/atomic.ts";

/** The default directory for runs. */
export const DEFAULT_WORK_DIR = ".netyard-work";

/** Returns the name of a run by its start: `sim-260102-030405`, in UTC, so that names sort by time. */
export function runDirectoryName(now: Date): string {
  const [date, time] = now.toISOString().slice(2, 19).replace(/[-:]/g, "").split("T");
  return `sim-${date}-${time}`;
}

/**
 * Makes the directory of a run in the work directory, which is made if it is missing. Runs never share
 * one: a second run that starts in the same second gets the suffix `-2`.
 *
 * @returns its path: that of the work directory, as given, and the run's name.
 * @throws {RunDirectoryError} It cannot be made.
 */
export async function makeRunDirectory(workDir: string, now: Date): Promise<string> {
  const preferred = `${withoutSlashes(workDir)}/${runDirectoryName(now)}`;
  try {
    await Deno.mkdir(workDir, { recursive: true });
    for (let n = 1;; n++) {
      const path = n === 1 ? preferred : `${preferred}-${n}`;
      try {
        await Deno.mkdir(path);
        return path;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
  } catch (cause) {
    throw new RunDirectoryError(
      `cannot make the run directory ${preferred}: ${(cause as Error).message}; ` +
        "name another work directory, or make this one writable",
      preferred,
      { cause },
    );
  }
}

/** Makes the link `latest` beside a run lead to it. */
export async function makeLatest(directory: string): Promise<void> {
  const slash = directory.lastIndexOf("/");
  await linkAtomically(`${directory.slice(0, slash)}/latest`, directory.slice(slash + 1));
}

function withoutSlashes(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}
