/** Helpers for tests of simulations. */
import { assertEquals } from "@std/assert";
import type { LabConfig } from "../../lib/lab/config/types.ts";
import { runSimulation } from "../../lib/sim/run/run_simulation.ts";
import type {
  CaptureSpec,
  Check,
  Failure,
  RunContext,
  RunStep,
  Simulation,
  SimulationOutcome,
  SpawnStep,
  Step,
} from "../../lib/sim/types/types.ts";

/** A step whose fields with a default may be left out. */
export type LooseStep = Each<Step>;
type Each<S> = S extends Step ? Loose<S> : never;
type Loose<S extends Step> =
  & { action: S["action"] }
  & Omit<Partial<S>, "action" | "captures">
  & { captures?: Record<string, Partial<CaptureSpec>> };

/** A client and a server, each behind its own router: client - home(NAT) - ix - dc - server. */
export const PAIR: LabConfig = {
  routers: [{ name: "dc", preset: "public" }, { name: "home", preset: "home" }],
  devices: {
    server: { interfaces: { eth0: { gateway: "dc" } } },
    client: { interfaces: { eth0: { gateway: "home" } } },
  },
};

/** One device behind a router. */
export const ONE: LabConfig = {
  routers: [{ name: "dc", preset: "public" }],
  devices: { box: { interfaces: { eth0: { gateway: "dc" } } } },
};

/** Returns a simulation of steps, by default in the topology {@link ONE}. */
export function simulation(
  steps: LooseStep[],
  more: Partial<Omit<Simulation, "steps">> = {},
): Simulation {
  return {
    name: "test",
    file: "sims/test.toml",
    variant: {},
    topology: ONE,
    binaries: [],
    prepare: [],
    ...more,
    steps: steps.map(whole),
  };
}

function whole(step: LooseStep, index: number): Step {
  const { captures = {}, ...rest } = step;
  const pipes = Object.entries(captures).map(([name, spec]) =>
    [name, { pipe: "stdout", ...spec }] as const
  );
  const isProgram = step.action === "run" || step.action === "spawn";
  return {
    id: `step-${index + 1}`,
    requires: [],
    skipped: false,
    origin: { where: `sims/test.toml:${10 * (index + 1)}`, directory: "sims" },
    ...isProgram &&
      { device: "box", env: {}, parser: "text", captures: Object.fromEntries(pipes) },
    ...rest,
  } as Step;
}

/** Returns a step that runs a line of sh(1) in `box`. */
export function sh(line: string, more: Omit<Loose<RunStep>, "action"> = {}): LooseStep {
  return { action: "run", cmd: ["sh", "-c", line], ...more };
}

/** Returns a step that runs a line of sh(1) in the background. */
export function spawn(line: string, more: Omit<Loose<SpawnStep>, "action"> = {}): LooseStep {
  return { action: "spawn", cmd: ["sh", "-c", line], ...more };
}

/** Returns an `assert` step; each check is `key operator operand`. */
export function asserts(...texts: string[]): LooseStep {
  const checks = texts.map((text): Check => {
    const [, key, operator, operand] = /^(\S+) (\S+) (.*)$/.exec(text)!;
    const regex = operator === "matches" ? { regex: new RegExp(operand) } : {};
    return { text, key, operator: operator as Check["operator"], operand, ...regex };
  });
  return { action: "assert", checks };
}

/** Runs a simulation, and passes its outcome and its directory to a function. */
export async function run<T>(
  what: Simulation,
  use: (outcome: SimulationOutcome, directory: string) => T | Promise<T>,
  context: Partial<RunContext> = {},
): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: "netyard-sim-" });
  try {
    return await use(
      await runSimulation(what, { directory, binaries: new Map(), ...context }),
      directory,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs a simulation that must pass, and returns its outcome. */
export async function passes(
  what: Simulation,
  context: Partial<RunContext> = {},
): Promise<SimulationOutcome> {
  return await run(what, (outcome) => {
    assertEquals([outcome.status, outcome.failure], ["passed", undefined]);
    return outcome;
  }, context);
}

/** Runs a simulation that must fail, and returns its failure. */
export async function failure(
  what: Simulation,
  context: Partial<RunContext> = {},
): Promise<Failure> {
  return await run(what, ({ status, failure }) => {
    assertEquals(status, "failed");
    return failure!;
  }, context);
}

/** Runs a simulation that must pass, and returns its captures. */
export async function captured(
  steps: LooseStep[],
  more: Parameters<typeof simulation>[1] = {},
): Promise<Record<string, string>> {
  return (await passes(simulation(steps, more))).captures;
}
