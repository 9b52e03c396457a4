import { resolve } from "node:path";
import { environmentVariable } from "../options/environment.ts";
import type { Failed } from "./bundle_info.ts";

/** A directory in memory, where a record costs no disk. */
const MEMORY = "/dev/shm";

/** Makes a directory for the record of a lab whose failure is not known yet. */
export async function scratchDirectory(): Promise<string> {
  const prefix = "netyard-record-";
  return await Deno.makeTempDir({ dir: MEMORY, prefix })
    .catch(() => Deno.makeTempDir({ prefix })); // not every system has it
}

/**
 * The directory of the bundles, as an absolute path: the one that the environment variable
 * `NETYARD_FAILURES` names, or else `failures` in the work directory.
 */
export function failuresDirectory(
  cwd: string = Deno.cwd(),
  workDir: string = ".netyard-work",
): string {
  return resolve(cwd, environmentVariable("NETYARD_FAILURES") ?? `${workDir}/failures`);
}

/** Where the record of a failure is, and the commands that take it, as lines. */
export function bundleLines(bundle: string, failed: Failed): string[] {
  return [
    `what happened is recorded in ${bundle} (and in ${bundle}.zip): begin with failure.txt`,
    `to see it: netyard show ${bundle}`,
    ...failed.kind === "script" || failed.file === null
      ? []
      : [`to run this ${failed.kind} again: netyard replay ${bundle}`],
  ];
}

/** Why no record could be kept, and what to do. */
export function noBundleText(cause: unknown): string {
  return `no record of this failure could be kept: ${(cause as Error).message}; make its ` +
    "directory writable, or name another in NETYARD_FAILURES";
}

/** The error, whose message and stack trace say where the bundle is, or why there is none. */
export async function told(
  failed: Failed,
  thrown: unknown,
  write: () => Promise<string>,
): Promise<Error> {
  const error = thrown instanceof Error ? thrown : new Error(`${thrown}`, { cause: thrown });
  let where: string;
  try {
    where = bundleLines(await write(), failed).join("\n");
  } catch (cause) {
    where = noBundleText(cause);
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
