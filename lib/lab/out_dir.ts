import { RunDirectory } from "../events/mod.ts";
import type { LabOptions } from "./options/options.ts";

/** The directory that keeps a lab's run, of the option or of the environment; undefined for none. */
export async function openOutDir(
  label: string,
  outDir: LabOptions["outDir"] = environmentOutDir(),
): Promise<RunDirectory | undefined> {
  if (outDir === undefined) return undefined;
  return typeof outDir === "string"
    ? await RunDirectory.create(outDir, label)
    : await RunDirectory.at(outDir.exact);
}

/** The output directory that the environment asks for, if it does. */
function environmentOutDir(): string | undefined {
  // Without --allow-env the variable is as good as unset.
  const { state } = Deno.permissions.querySync({ name: "env", variable: "NETYARD_OUTDIR" });
  return state === "granted" ? Deno.env.get("NETYARD_OUTDIR") || undefined : undefined;
}
