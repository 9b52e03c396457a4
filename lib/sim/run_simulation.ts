import type { RunContext, Simulation, SimulationOutcome } from "./types.ts";

export function runSimulation(_: Simulation, __: RunContext): Promise<SimulationOutcome> {
  return Promise.reject(new Error("not here"));
}
