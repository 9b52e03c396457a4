import { resolve } from "node:path";
import { withLock } from "../../files/lock.ts";
import { isFresh } from "../../files/fresh.ts";
import { type BinaryContext, binaryError, called, digest, fileName, programOf } from "./context.ts";
import { executable, statOf } from "./path.ts";
import { runTool, toolError, type ToolResult } from "./tool.ts";
import type { BinarySpec } from "../types/types.ts";

/**
 * Runs the user's build command, in the directory of the file that declares it, and returns the path of
 * the program. With `sources` it runs only if the program is missing or older than one of them.
 *
 * @throws {BinaryError} If it fails, or does not make the program.
 */
export async function commandBinary(context: BinaryContext, spec: BinarySpec): Promise<string> {
  const { directory, path } = placeOf(context, spec);
  const command = spec.command!;
  const [program, ...args] = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
  const line = typeof command === "string" ? command : command.join(" ");
  const freshness = {
    outputs: [path],
    sources: (spec.sources ?? []).map((source) => resolve(directory, source)),
    missing: (source: string) => missingSource(spec, source),
  };
  const isDone = async () => spec.sources !== undefined && await isFresh(freshness);
  if (await isDone()) return await executable(spec, path);
  const key = digest(directory, path);
  await context.building(() =>
    withLock(`${context.cache}/commands/${key}.lock`, async () => {
      if (await isDone()) return; // another process has built it
      context.say(`${called(spec)}: ${line} (in ${directory})`);
      let result: ToolResult;
      try {
        const onLine = (said: string) => context.say(`${called(spec)}: ${said}`);
        result = await runTool(context, { program, args, directory, chatty: true, onLine });
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        throw binaryError(spec, `"command" cannot start: ${error.message}`, error);
      }
      if (!result.ok) {
        const about = `${called(spec)}: "command" (${line})`;
        const log = `${fileName(spec.name)}-${key}`;
        throw await toolError(context, spec.origin.where, about, log, result);
      }
      if (!await statOf(path)) {
        throw binaryError(spec, `"command" (${line}) succeeded, but did not make ${path}`);
      }
      // A command that finds its output up to date leaves it as old as it was, and would run each time.
      const now = new Date();
      if (spec.sources !== undefined) await Deno.utime(path, now, now);
    })
  );
  return await executable(spec, path);
}

/**
 * Returns the path of the program that the command made before.
 *
 * @throws {BinaryError} If there is none.
 */
export async function commandOutput(context: BinaryContext, spec: BinarySpec): Promise<string> {
  const { path } = placeOf(context, spec);
  if (await statOf(path)) return await executable(spec, path);
  throw binaryError(spec, `${path} was not made before, and nothing may be built`);
}

/**
 * Checks what can be checked without running the command.
 *
 * @throws {BinaryError} If a source or the program that it calls is missing.
 */
export async function checkCommand(context: BinaryContext, spec: BinarySpec): Promise<void> {
  const { directory } = placeOf(context, spec);
  const { command } = spec;
  if (Array.isArray(command) && !command[0].includes("/")) {
    programOf(context, command[0], (message) => binaryError(spec, message), '"command"');
  }
  for (const source of spec.sources ?? []) {
    const path = resolve(directory, source);
    if (!await statOf(path)) throw missingSource(spec, path);
  }
}

function missingSource(spec: BinarySpec, path: string) {
  return binaryError(spec, `"sources" names ${path}, which does not exist`);
}

function placeOf(context: BinaryContext, spec: BinarySpec): { directory: string; path: string } {
  const directory = resolve(context.cwd, spec.origin.directory);
  return { directory, path: resolve(directory, spec.path!) };
}
