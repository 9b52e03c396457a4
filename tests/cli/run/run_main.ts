/**
 * Run by `interrupt_test.ts` and `display_test.ts`: `netyard run` of fake simulations. By its name, each
 * waits until it is aborted, or does not end even then, or ends immediately.
 */
import { dispatch } from "../../../lib/cli/dispatch.ts";
import { processVariable } from "../../../lib/cli/command/colors.ts";
import type { SimulationRunner } from "../../../lib/sim/types/run_types.ts";
import { failed, fakeTools, outcome, runCommandBy, simulation } from "../kit.ts";

const [names, ...args] = Deno.args;

const runner: SimulationRunner = async (each, { signal, onProgress, onLine }) => {
  onProgress?.({ step: 1, steps: each.steps.length, doing: "wait 0 ms" });
  onLine?.({ node: "laptop", stream: "stdout", text: `hello from ${each.name}` });
  const aborted = new Promise((resolve) => signal?.addEventListener("abort", resolve));
  if (each.name.startsWith("waits")) {
    await aborted;
    return outcome(each, { status: "interrupted" });
  }
  if (each.name.startsWith("stays")) {
    // Never resolves, and keeps the process running.
    setInterval(() => {}, 10_000);
    await new Promise(() => {});
  }
  // Long enough for the terminal to draw it.
  if (each.name.startsWith("slow")) await new Promise((resolve) => setTimeout(resolve, 350));
  return each.name.startsWith("bad") ? failed(each) : outcome(each);
};

const simulations = names.split(",").map((name) => simulation(name));
const tools = fakeTools(simulations, { runner, environment: processVariable });
Deno.exit(await dispatch([runCommandBy(tools)], ["run", "sims", ...args]));
