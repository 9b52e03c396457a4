import type { Environment } from "../command/colors.ts";
import type { Simulation } from "../../sim/types/types.ts";

/** Names the file with the binaries for a process that was restarted as root in a user namespace. */
const VARIABLE = "NETYARD_BINARIES";

/** The paths of each simulation's binaries, by their names. */
export type Binaries = Map<Simulation, Map<string, string>>;

/**
 * Saves binaries for this process before it is restarted as root in a user namespace, where it has no
 * network to download them.
 *
 * @returns the environment variable that {@linkcode takeBinaries} reads, as `NAME=value`
 */
export async function keepBinaries(binaries: Binaries): Promise<string> {
  const file = await Deno.makeTempFile({ prefix: "netyard-binaries-", suffix: ".json" });
  const byName = [...binaries].map(([{ name }, paths]) => [name, Object.fromEntries(paths)]);
  await Deno.writeTextFile(file, JSON.stringify(Object.fromEntries(byName)));
  return `${VARIABLE}=${file}`;
}

/** Returns the saved binaries, once; undefined without any. */
export async function takeBinaries(
  simulations: readonly Simulation[],
  environment: Environment,
): Promise<Binaries | undefined> {
  const file = environment(VARIABLE);
  if (file === undefined) return undefined;
  // Programs in the lab must not get it.
  Deno.env.delete(VARIABLE);
  const text = await Deno.readTextFile(file).catch(() => undefined);
  // A descendant of the process that took them may have inherited the variable.
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
