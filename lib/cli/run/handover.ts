import type { Environment } from "../command/colors.ts";
import type { Simulation } from "../../sim/types/types.ts";

/** Where a process that becomes root in a user namespace finds what it made before. */
const VARIABLE = "NETYARD_BINARIES";

/** The paths of each simulation's binaries by their name. */
export type Binaries = Map<Simulation, Map<string, string>>;

/**
 * Keeps binaries for this process after it was started again as root in a user namespace, where it has
 * no network to get them by.
 *
 * @returns the environment variable that {@linkcode takeBinaries} finds them by.
 */
export async function keepBinaries(binaries: Binaries): Promise<string> {
  const file = await Deno.makeTempFile({ prefix: "netyard-binaries-", suffix: ".json" });
  const byName = [...binaries].map(([{ name }, paths]) => [name, Object.fromEntries(paths)]);
  await Deno.writeTextFile(file, JSON.stringify(Object.fromEntries(byName)));
  return `${VARIABLE}=${file}`;
}

/** Those that were kept, once; undefined if there are none. */
export async function takeBinaries(
  simulations: readonly Simulation[],
  environment: Environment,
): Promise<Binaries | undefined> {
  const file = environment(VARIABLE);
  if (file === undefined) return undefined;
  // What runs in the lab has nothing to do with it.
  Deno.env.delete(VARIABLE);
  const text = await Deno.readTextFile(file).catch(() => undefined);
  // A process further down may have inherited the variable of one that took them.
  if (text === undefined) return undefined;
  await Deno.remove(file);
  const kept = JSON.parse(text) as Record<string, Record<string, string>>;
  return new Map(
    simulations.map((simulation) => [
      simulation,
      new Map(Object.entries(kept[simulation.name] ?? {})),
    ]),
  );
}
