import { dirname, resolve } from "node:path";
import { temporary } from "../files/temporary.ts";
import { environmentVariable } from "../options/environment.ts";
import { readFileText } from "../../native/libc.ts";
import { onlyFaults } from "../record/only_faults.ts";
import { VERSION } from "../std/version.ts";
import type { Failed, RunFacts } from "./bundle_info.ts";

/** A directory in memory, where a record costs no disk. */
const MEMORY = "/dev/shm";

const SCRATCH = /^netyard-record-(\d+)-/;
/** A directory whose process is gone is removed when it is so old: the process may be in another container. */
const STALE_MS = 600_000;

/**
 * Makes a directory for the record of a lab whose failure is not known yet: in memory, where the process
 * may write there. Those that killed processes have left beside it are removed.
 */
export async function scratchDirectory(): Promise<string> {
  const prefix = `netyard-record-${Deno.pid}-`;
  const path = await Deno.makeTempDir({ dir: MEMORY, prefix })
    .catch(() => Deno.makeTempDir({ dir: temporary(), prefix }));
  await removeStale(dirname(path)).catch(() => {}); // some belong to other users
  return path;
}

async function removeStale(directory: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const pid = SCRATCH.exec(name)?.[1];
    if (!isDirectory || pid === undefined) continue;
    const { mtime } = await Deno.stat(`${directory}/${name}`);
    if (Date.now() - (mtime?.getTime() ?? Date.now()) < STALE_MS || isAlive(pid)) continue;
    await Deno.remove(`${directory}/${name}`, { recursive: true });
  }
}

function isAlive(pid: string): boolean {
  try {
    readFileText(`/proc/${pid}/stat`);
    return true;
  } catch {
    return false;
  }
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

/** The name of the custom event that marks the moment of a failure: `test-failed`. */
export function failureEvent({ kind }: Pick<Failed, "kind">): string {
  return `${kind}-failed`;
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

/** The facts about this process. */
export function runFacts(): RunFacts {
  return {
    netyard: VERSION,
    deno: Deno.version.deno,
    kernel: permitted(() => Deno.osRelease()),
    arch: Deno.build.arch,
    command: readFileText("/proc/self/cmdline").split("\0").slice(0, -1),
    cwd: permitted(() => Deno.cwd()),
    onlyFaults: permitted(() => onlyFaults() ?? null),
  };
}

function permitted<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null; // the process may not know it
  }
}
