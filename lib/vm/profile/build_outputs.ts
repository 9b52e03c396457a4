import { alone } from "../../files/lock.ts";
import { type Freshness, isFresh, newest } from "../../files/fresh.ts";
import { ProfileError } from "../options/errors.ts";
import { tail } from "../../files/tail.ts";

/** What a profile is built by. */
export interface Build {
  /** How messages begin: `netyard.toml: profiles.nas`. */
  what: string;
  /** A line for sh(1), or a program and its arguments. */
  command: string | readonly string[];
  /** Where it runs. */
  directory: string;
  /** What it makes. */
  outputs: readonly string[];
  /** Files, and directories with all that is in them, that the outputs are made from. */
  sources: readonly string[];
  /** Of whoever builds it, so that nobody else does at the same time. */
  lockFile: string;
  onProgress: (line: string) => void;
}

/**
 * Runs the build, if an output is not there, or is older than a source.
 *
 * @throws {ProfileError} If it fails, or does not make an output, or a source is not there.
 */
export async function buildOutputs(build: Build): Promise<void> {
  const freshness: Freshness = {
    ...build,
    missing: (path) =>
      new ProfileError(`${build.what}: "sources" names ${path}, which is not there`),
  };
  if (await isFresh(freshness)) return;
  await alone(build.lockFile, async () => {
    if (await isFresh(freshness)) return; // Another has done it.
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
      const said = text(stderr) || text(stdout);
      throw new ProfileError(
        `${what}: "build" ${signal ? `was ended by ${signal}` : `failed with exit code ${code}`}` +
          (said && `:\n${said}`),
      );
    }
    for (const path of outputs) {
      if (await newest(path) === undefined) {
        throw new ProfileError(`${what}: "build" ended well, but did not make ${path}`);
      }
    }
    // What it found to be up to date, it left as old as it was; else it would run each time.
    const now = new Date();
    for (const path of outputs) await Deno.utime(path, now, now).catch(() => {});
  });
}
