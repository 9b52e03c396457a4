import type { SimulationRunner } from "../../lib/sim/types/run_types.ts";
import type { Simulation, SimulationOutcome } from "../../lib/sim/types/types.ts";

/** A fixed time, so that files can be compared. */
export const NOW = new Date("2026-01-02T03:04:05.678Z");

/** Returns a simulation for runners of tests; it cannot run in a lab. */
export function simulation(name: string, over: Partial<Simulation> = {}): Simulation {
  return {
    name,
    file: "sims/all.toml",
    variant: {},
    topology: {} as Simulation["topology"],
    binaries: [],
    prepare: [],
    steps: [],
    ...over,
  };
}

/** Returns the outcome of a simulation that passed after 1.5 s. */
export function outcome(
  of: Pick<Simulation, "name" | "file" | "variant">,
  over: Partial<SimulationOutcome> = {},
): SimulationOutcome {
  return {
    name: of.name,
    file: of.file,
    variant: of.variant,
    status: "passed",
    startedAt: NOW.toISOString(),
    endedAt: new Date(NOW.getTime() + 1500).toISOString(),
    durationMs: 1500,
    setupMs: 100,
    steps: [],
    captures: {},
    results: [],
    warnings: [],
    ...over,
  };
}

/** Returns a result with the given values; the others are null. */
export function result(
  id: string,
  over: Partial<SimulationOutcome["results"][number]> = {},
): SimulationOutcome["results"][number] {
  return { id, duration: null, down_bytes: null, latency_ms: null, up_bytes: null, ...over };
}

/** A runner with which every simulation passes. */
export const passing: SimulationRunner = (simulation) => Promise.resolve(outcome(simulation));

/** Defines a test with its own directory. */
export function inTempDir(name: string, body: (root: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const root = await Deno.makeTempDir({ prefix: "netyard-sim-" });
    try {
      await body(root);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}

/** Reads a JSON file. */
export async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await Deno.readTextFile(path));
}

/** Returns all names in a directory, including hidden files. */
export function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}
