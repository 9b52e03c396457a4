import { withLock } from "../../files/lock.ts";
import { type Freshness, isFresh, newest } from "../../files/fresh.ts";
import { ProfileError } from "../options/errors.ts";
import { tail } from "../../files/tail.ts";

/** How a profile is built. */
export interface Build {
  /** The prefix of messages: `netyard.toml: profiles.nas`. */
  what: string;
  /** A line for sh(1), or a program and its arguments. */
  command: string | readonly string[];
  /** The directory that it runs in. */
  directory: string;
  /** The files that it creates. */
  outputs: readonly string[];
  /** The files and whole directories that the outputs are built from. */
  sources: readonly string[];
  /** The lock that keeps two processes from building at the same time. */
  lockFile: string;
  onProgress: (line: string) => void;
}

/**
 * Runs the build if an output is missing or older than a source.
 *
 * @throws {ProfileError} If it fails, or does not create an output, or a source is missing.
 */
export async function buildOutputs(build: Build): Promise<void> {
  const freshness: Freshness = {
    ...build,
    missing: (path) =>
      new ProfileError(`${build.what}: "sources" names ${path}, which does not exist`),
  };
  if (await isFresh(freshness)) return;
  await withLock(build.lockFile, async () => {
    if (await isFresh(freshness)) return; // Another process has built it.
    const { what, command, directory, outputs, onProgress } = build;
    const [program, ...args] = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
    onProgress(`${what}: building: ${typeof command === "string" ? command : command.join(" ")}`);
    let output: Deno.CommandOutput;
    try {
      output = await new Deno.Command(program, { args, cwd: directory, stdin: "null" }).output();
    } catch (error) {
      throw new ProfileError(`${what}: "build" cannot start: ${(error as Error).message}`, {
        cause: error,
      });
    }
    const { code, signal, stdout, stderr } = output;
    if (code !== 0) {
      const text = (bytes: Uint8Array) => tail(new TextDecoder().decode(bytes));
      const printed = text(stderr) || text(stdout);
      throw new ProfileError(
        `${what}: "build" ${signal ? `was ended by ${signal}` : `failed with exit code ${code}`}` +
          (printed && `:\n${printed}`),
      );
    }
    for (const path of outputs) {
      if (await newest(path) === undefined) {
        throw new ProfileError(`${what}: "build" succeeded, but did not create ${path}`);
      }
    }
    // The build leaves outputs untouched that it finds up to date; without this it would run each time.
    const now = new Date();
    for (const path of outputs) await Deno.utime(path, now, now).catch(() => {});
  });
}
