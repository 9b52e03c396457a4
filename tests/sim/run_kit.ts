import type { SimulationRunner } from "../../lib/sim/types/run_types.ts";
import type { Simulation, SimulationOutcome } from "../../lib/sim/types/types.ts";

/** A time that files can be compared by. */
export const NOW = new Date("2026-01-02T03:04:05.678Z");

/** A simulation that no runner but a test's own can run. */
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

/** What became of it: it passed, in 1.5 s. */
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

/** A result with only these values. */
export function result(
  id: string,
  over: Partial<SimulationOutcome["results"][number]> = {},
): SimulationOutcome["results"][number] {
  return { id, duration: null, down_bytes: null, latency_ms: null, up_bytes: null, ...over };
}

/** A runner by which every simulation passes. */
export const passing: SimulationRunner = (simulation) => Promise.resolve(outcome(simulation));

/** A test with a directory of its own. */
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

/** A JSON file. */
export async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await Deno.readTextFile(path));
}

/** All names in a directory, also those that begin with a dot. */
export function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}
