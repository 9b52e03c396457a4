import { basename, dirname, join, resolve } from "node:path";
import { findProgram } from "../../../native/process/process.ts";
import { nearest } from "../../options/nearest.ts";
import { type BinaryContext, binaryError } from "./context.ts";
import { runTool } from "./tool.ts";
import type { BinarySpec } from "../types/types.ts";

/** The directories of programs below cargo's target directory, in the order in which they are searched. */
const BINS = ["release", "debug"];
const EXAMPLES = ["release/examples", "debug/examples"];
const ANY = ["release", "release/examples", "debug", "debug/examples"];

/**
 * Finds a program that cargo has built before, by its name, or by its path in the target directory.
 *
 * @param near A directory in the workspace. Default: that of the file that declares the program.
 * @throws {BinaryError} If there is none.
 */
export async function targetBinary(
  context: BinaryContext,
  spec: BinarySpec,
  name: string = (spec.bin ?? spec.example)!,
  near: string = spec.origin.directory,
): Promise<string> {
  const folders = spec.bin !== undefined ? BINS : spec.example !== undefined ? EXAMPLES : ANY;
  const targets = await targetDirectories(context, near);
  if (targets.length === 0) {
    throw binaryError(
      spec,
      `"${name}" would be in the target directory of cargo, but there is no Cargo.toml in ` +
        `${resolve(context.cwd, near)}, nor above it: set CARGO_TARGET_DIR`,
    );
  }
  const direct = name.includes("/") ? [name] : [];
  const looked = targets.flatMap((target) =>
    [...direct, ...folders.map((folder) => `${folder}/${name}`)].map((path) => join(target, path))
  );
  for (const path of looked) {
    if ((await Deno.stat(path).catch(() => undefined))?.isFile) return path;
  }
  const known = targets.flatMap((target) => folders.map((folder) => join(target, folder)))
    .flatMap(programsIn);
  const hint = nearest(basename(name), known);
  throw binaryError(
    spec,
    `cargo has not built "${name}"${hint ? `; did you mean "${hint}"?` : "; build it first."} ` +
      `It was looked for at ${looked.join(", ")}`,
  );
}

function programsIn(directory: string): string[] {
  try {
    return Array.from(Deno.readDirSync(directory))
      .filter(({ name, isFile }) => isFile && !name.includes(".")).map(({ name }) => name);
  } catch {
    return []; // nothing was built
  }
}

/**
 * Returns the possible target directories of cargo, the most likely first: `CARGO_TARGET_DIR`, the one
 * that cargo reports, or `target` beside a Cargo.toml in the directory or above it.
 */
async function targetDirectories(context: BinaryContext, directory: string): Promise<string[]> {
  const manifests = await workspacesAround(context, directory);
  const variable = context.variable("CARGO_TARGET_DIR");
  if (variable) {
    return [...new Set([context.cwd, ...manifests].map((base) => resolve(base, variable)))];
  }
  if (manifests.length === 0) return [];
  const said = await targetByCargo(context, manifests[0]);
  return said === undefined ? manifests.map((path) => join(path, "target")) : [said];
}

/**
 * Returns the directories with a Cargo.toml at or above a directory, the nearest first; if there are
 * none, those of the working directory.
 */
export async function workspacesAround(
  context: BinaryContext,
  directory: string,
): Promise<string[]> {
  for (const start of [resolve(context.cwd, directory), context.cwd]) {
    const found: string[] = [];
    for (let at = start;; at = dirname(at)) {
      if ((await Deno.stat(join(at, "Cargo.toml")).catch(() => undefined))?.isFile) found.push(at);
      if (at === dirname(at)) break;
    }
    if (found.length > 0) return found;
  }
  return [];
}

async function targetByCargo(
  context: BinaryContext,
  directory: string,
): Promise<string | undefined> {
  const program = findProgram("cargo", context.searchPath);
  if (!program) return undefined;
  const args = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
  const { ok, stdout } = await runTool(context, { program, args, directory });
  // A manifest that cargo cannot read is not an error here: nothing is built.
  if (!ok) return undefined;
  try {
    const { target_directory } = JSON.parse(stdout);
    return typeof target_directory === "string" ? target_directory : undefined;
  } catch {
    return undefined;
  }
}
