import { assertEquals, assertRejects } from "@std/assert";
import { dirname, join } from "node:path";
import { loadSimulations, type LoadSimulationsOptions } from "../../../lib/sim/load.ts";
import type { Simulation, Step } from "../../../lib/sim/types/types.ts";
import { TomlError } from "../../../lib/toml/errors.ts";

/** A topology for the tests: `a` and `b` behind a router, and three devices `peer`. */
export const TOPOLOGY = `[[router]]
name = "dc"
[device.a.eth0]
gateway = "dc"
[device.b.eth0]
gateway = "dc"
[device.peer]
count = 3
[device.peer.eth0]
gateway = "dc"
`;

/** A simulation with a step, whose keys begin in line 12. */
export function step(text: string): string {
  return `${TOPOLOGY}[[step]]\n${text}`;
}

/** Files by their names. */
export type Files = Record<string, string>;

/** Runs a test in a directory with files, which is gone afterwards. */
export async function inFiles<T>(files: Files, test: (cwd: string) => Promise<T>): Promise<T> {
  const cwd = await Deno.realPath(await Deno.makeTempDir());
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(cwd, name)), { recursive: true });
      await Deno.writeTextFile(join(cwd, name), text);
    }
    return await test(cwd);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

/** The simulations of the file `a.toml`, or of the paths. */
export function load(
  files: Files | string,
  paths: string[] = ["a.toml"],
  options: LoadSimulationsOptions = {},
): Promise<Simulation[]> {
  const all = typeof files === "string" ? { "a.toml": files } : files;
  return inFiles(all, (cwd) => loadSimulations(paths, { cwd, ...options }));
}

/** The faults that loading is refused with, each as its message has it. */
export async function faultsOf(
  files: Files | string,
  paths?: string[],
  options?: LoadSimulationsOptions,
): Promise<string[]> {
  const error = await assertRejects(() => load(files, paths, options), TomlError);
  return (error as TomlError).faults.map(({ where, message }) => `${where}: ${message}`);
}

/** Asserts that each text is refused with these faults. */
export async function assertRefused(cases: [files: Files | string, ...faults: string[]][]) {
  for (const [files, ...faults] of cases) assertEquals(await faultsOf(files), faults);
}

/** A step in short: what does not depend on the file. */
export function short({ origin: _, requires, skipped, ...step }: Step): Record<string, unknown> {
  return {
    ...step,
    ...requires.length > 0 ? { requires } : {},
    ...skipped ? { skipped } : {},
  };
}
