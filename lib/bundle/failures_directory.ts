import { resolve } from "node:path";
import { environmentVariable } from "../options/environment.ts";

/** The directory of the bundles of a script that runs in `cwd`, as an absolute path. */
export function failuresDirectory(cwd: string = Deno.cwd()): string {
  const named = environmentVariable("NETYARD_FAILURES");
  return resolve(cwd, named ?? ".netyard-work/failures");
}
