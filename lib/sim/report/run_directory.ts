import { RunDirectoryError } from "../../events/mod.ts";
import { linkAtomically } from "../../files/atomic.ts";

/** Where runs are kept, if nothing else is said. */
export const DEFAULT_WORK_DIR = ".netyard-work";

/** The name of a run that starts at a time: `sim-260102-030405`, in UTC, so that names sort by time. */
export function runDirectoryName(now: Date): string {
  const [date, time] = now.toISOString().slice(2, 19).replace(/[-:]/g, "").split("T");
  return `sim-${date}-${time}`;
}

/**
 * Makes the directory of a run in the work directory, and that one where it is missing. Two runs never
 * share one: of two that start in the same second, the second gets a `-2`.
 *
 * @returns its path: the work directory's, as given, and the run's name.
 * @throws {RunDirectoryError} It cannot be made.
 */
export async function makeRunDirectory(workDir: string, now: Date): Promise<string> {
  const wanted = `${withoutSlashes(workDir)}/${runDirectoryName(now)}`;
  try {
    await Deno.mkdir(workDir, { recursive: true });
    for (let n = 1;; n++) {
      const path = n === 1 ? wanted : `${wanted}-${n}`;
      try {
        await Deno.mkdir(path);
        return path;
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
  } catch (cause) {
    throw new RunDirectoryError(
      `cannot make the run directory ${wanted}: ${(cause as Error).message}; ` +
        "name another work directory, or make this one writable",
      wanted,
      { cause },
    );
  }
}

/** Has the link `latest` beside a run lead to it. */
export async function makeLatest(directory: string): Promise<void> {
  const slash = directory.lastIndexOf("/");
  await linkAtomically(`${directory.slice(0, slash)}/latest`, directory.slice(slash + 1));
}

function withoutSlashes(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}
