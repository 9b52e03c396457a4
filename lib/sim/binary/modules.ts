import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { tail } from "../../files/tail.ts";
import { type BinaryContext, binaryError } from "./context.ts";
import { runTool } from "./tool.ts";
import type { BinarySpec } from "../types/types.ts";

/** A module with all modules that it imports. */
export interface ModuleGraph {
  /** A hash of all files, and of everything that affects how the module runs. */
  hash: string;
  /** The sources of its files, by path, without those of packages. */
  sources: ReadonlyMap<string, string>;
  /** The path of its deno.json. */
  config?: string;
}

/** Configuration files that affect the imports of a module. */
const CONFIGS = ["deno.json", "deno.jsonc", "deno.lock", "package.json"];

interface Info {
  modules: { specifier: string; local?: string | null; error?: string }[];
}

/**
 * Reads a module and all modules that it imports, as `deno info` lists them.
 *
 * @param parts Additional input of the hash.
 * @throws {BinaryError} If one of the modules is missing or invalid.
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
