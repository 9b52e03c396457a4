import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { tail } from "../../files/tail.ts";
import { type BinaryContext, binaryError } from "./context.ts";
import { runTool } from "./tool.ts";
import type { BinarySpec } from "../types/types.ts";

/** What a module consists of. */
export interface ModuleGraph {
  /** Changes with each file of it, and with what decides how it is run. */
  hash: string;
  /** The sources of its own files, by path; those of packages are not among them. */
  sources: ReadonlyMap<string, string>;
  /** The deno.json that holds for it. */
  config?: string;
}

/** Files around a module that decide what its imports mean. */
const CONFIGS = ["deno.json", "deno.jsonc", "deno.lock", "package.json"];

interface Info {
  modules: { specifier: string; local?: string | null; error?: string }[];
}

/**
 * What a module imports, by `deno info`, with the contents of all of it.
 *
 * @param parts What else the hash is of.
 * @throws {BinaryError} If one of the modules is not there, or is none.
 */
export async function moduleGraph(
  context: BinaryContext,
  spec: BinarySpec,
  deno: string,
  module: string,
  parts: readonly unknown[],
): Promise<ModuleGraph> {
  const result = await runTool(context, {
    program: deno,
    args: ["info", "--json", module],
    directory: dirname(module),
  });
  if (!result.ok) {
    throw binaryError(
      spec,
      `${module} cannot be read: deno info ${result.ending}:\n${tail(result.log)}`,
    );
  }
  const info: Info = JSON.parse(result.stdout);
  const broken = info.modules.find(({ error }) => error !== undefined);
  if (broken) throw binaryError(spec, `${module} cannot be compiled: ${broken.error}`);
  const hash = createHash("sha256").update(JSON.stringify(parts)).update(result.stdout);
  const sources = new Map<string, string>();
  for (const { specifier, local } of info.modules) {
    if (!local) continue;
    const content = await Deno.readFile(local);
    hash.update(JSON.stringify([specifier, content.length])).update(content);
    if (specifier.startsWith("file:")) sources.set(local, new TextDecoder().decode(content));
  }
  let config: string | undefined;
  for (let at = dirname(module);; at = dirname(at)) {
    for (const name of CONFIGS) {
      const path = join(at, name);
      const content = await Deno.readFile(path).catch(() => undefined);
      if (!content) continue;
      hash.update(JSON.stringify([path, content.length])).update(content);
      if (name.startsWith("deno.json")) config ??= path;
    }
    if (at === dirname(at)) break;
  }
  return { hash: hash.digest("hex"), sources, config };
}
