/** What the tests of simulations share. */
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

/** A step without what it has by default; any of it may be given all the same. */
export type LooseStep = Each<Step>;
type Each<S> = S extends Step ? Loose<S> : never;
type Loose<S extends Step> =
  & { action: S["action"] }
  & Omit<Partial<S>, "action" | "captures">
  & { captures?: Record<string, Partial<CaptureSpec>> };

/** server and client, each behind a router of its own: client - home(NAT) - ix - dc - server. */
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

/** A simulation of these steps, in {@link ONE} unless it says. */
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

/** A step that runs a line of the shell in `box`. */
export function sh(line: string, more: Omit<Loose<RunStep>, "action"> = {}): LooseStep {
  return { action: "run", cmd: ["sh", "-c", line], ...more };
}

/** The same in the background. */
export function spawn(line: string, more: Omit<Loose<SpawnStep>, "action"> = {}): LooseStep {
  return { action: "spawn", cmd: ["sh", "-c", line], ...more };
}

/** An `assert` step; each check is `key operator operand`. */
export function asserts(...texts: string[]): LooseStep {
  const checks = texts.map((text): Check => {
    const [, key, operator, operand] = /^(\S+) (\S+) (.*)$/.exec(text)!;
    const regex = operator === "matches" ? { regex: new RegExp(operand) } : {};
    return { text, key, operator: operator as Check["operator"], operand, ...regex };
  });
  return { action: "assert", checks };
}

/** An outcome, and the files that were left, while the function runs. */
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

/** The outcome of a simulation that passes; another fails with why. */
export async function passes(
  what: Simulation,
  context: Partial<RunContext> = {},
): Promise<SimulationOutcome> {
  return await run(what, (outcome) => {
    assertEquals([outcome.status, outcome.failure], ["passed", undefined]);
    return outcome;
  }, context);
}

/** Why a simulation failed, which it must. */
export async function failure(
  what: Simulation,
  context: Partial<RunContext> = {},
): Promise<Failure> {
  return await run(what, ({ status, failure }) => {
    assertEquals(status, "failed");
    return failure!;
  }, context);
}

/** The captures of a simulation that passes. */
export async function captured(
  steps: LooseStep[],
  more: Parameters<typeof simulation>[1] = {},
): Promise<Record<string, string>> {
  return (await passes(simulation(steps, more))).captures;
}
