import { z } from "zod";
import { type Manifest, manifestSchema } from "./manifest.ts";
import type { MergePart } from "./merge_parts.ts";
import { resultsJsonSchema, simJsonSchema } from "./records.ts";
import { MergeError } from "./errors.ts";
import type { SimulationOutcome } from "../types/types.ts";

/**
 * Reads a run to be merged.
 *
 * @param directory that of the run, or a work directory, which has `latest` in it
 * @throws {MergeError} It is neither, or its manifest cannot be read.
 */
export async function readPart(directory: string): Promise<MergePart> {
  const path = await runIn(directory);
  const manifest = await readManifest(`${path}/manifest.json`);
  const outcomes = new Map<string, SimulationOutcome>();
  const faults: string[] = [];
  for (const { name, directory, status } of manifest.simulations) {
    if (status === "not-run" || status === "waiting") continue;
    const result = await readOutcome(`${path}/${directory}`);
    if (typeof result !== "string") outcomes.set(name, result);
    else if (status !== "running") faults.push(result); // a killed run may not have written it
  }
  return { path, manifest, outcomes, faults };
}

async function runIn(directory: string): Promise<string> {
  for (const path of [directory, `${directory}/latest`]) {
    try {
      await Deno.lstat(`${path}/manifest.json`);
      return await Deno.realPath(path);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) continue;
      if (cause instanceof Deno.errors.NotADirectory) continue;
      throw new MergeError(`cannot read ${path}: ${(cause as Error).message}`, { cause });
    }
  }
  throw new MergeError(
    `${directory} is not a run: it has neither manifest.json nor latest/manifest.json; ` +
      "name the directory of a run, or a work directory",
  );
}

async function readManifest(path: string): Promise<Manifest> {
  const result = await readJson(path, manifestSchema);
  if (typeof result === "string") throw new MergeError(result);
  const names = new Set<string>();
  for (const { name, directory } of result.simulations) {
    if (names.has(name) || directory !== name) {
      throw new MergeError(`${path} is not as Netyard writes it: see the simulation ${name}`);
    }
    names.add(name);
  }
  return result;
}

/** Returns an outcome, or why its files cannot be read. */
async function readOutcome(directory: string): Promise<SimulationOutcome | string> {
  const sim = await readJson(`${directory}/sim.json`, simJsonSchema);
  if (typeof sim === "string") return sim;
  const results = await readJson(`${directory}/results.json`, resultsJsonSchema);
  if (typeof results === "string") return results;
  const { version: _, ...outcome } = sim;
  return { ...outcome, results: results.steps };
}

/** Returns the content of a file, or why it cannot be read. */
async function readJson<S extends z.core.$ZodType>(
  path: string,
  schema: S,
): Promise<z.output<S> | string> {
  try {
    const result = z.safeParse(schema, JSON.parse(await Deno.readTextFile(path)));
    if (result.success) return result.data;
    const { path: key, message } = result.error.issues[0];
    return `cannot read ${path}: "${key.join(".")}": ${message}`;
  } catch (error) {
    return `cannot read ${path}: ${(error as Error).message}`;
  }
}
