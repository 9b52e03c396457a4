import { findProgram } from "../../../native/process/process.ts";
import { type BinaryContext, binaryError } from "./context.ts";
import type { ModuleGraph } from "./modules.ts";
import type { BinarySpec } from "../types/types.ts";

/** How a script starts Deno. */
export interface Launch {
  deno: string;
  /** The module that Deno runs. */
  main: string;
  /** Whether `main` has all modules in it, so that packages are not looked up. */
  bundled: boolean;
  permissions: readonly string[];
  graph: ModuleGraph;
}

/**
 * Returns a script for sh(1) that executes `deno run` with a module: signals, standard streams, arguments
 * and the exit code are those of the module.
 */
export function launcherScript({ deno, main, bundled, permissions, graph }: Launch): string {
  const config = graph.config === undefined ? ["--no-config"] : ["--config", graph.config];
  const lock = bundled ? ["--no-lock", "--node-modules-dir=none"] : [];
  const flags = ["--quiet", "--cached-only", ...lock, ...config, ...permissions];
  const words = [deno, "run", ...flags, main].map(quoted).join(" ");
  return `#!/bin/sh\nDENO_NO_UPDATE_CHECK=1 exec ${words} "$@"\n`;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Returns whether modules work in a single file: not if they read files or start workers relative to
 * their own location.
 */
export function isBundleable({ sources }: ModuleGraph): boolean {
  return [...sources.values()].every((text) =>
    !/\bimport\.meta\.(?!main\b)|\bimport\.meta\b(?!\.)/.test(text)
  );
}

/**
 * Returns the path of the `deno` that runs this process, or else of that in PATH.
 *
 * @throws {BinaryError} If Netyard itself was compiled, and PATH has none.
 */
export function denoProgram(context: BinaryContext, spec: BinarySpec): string {
  if (!Deno.build.standalone) return Deno.execPath();
  const found = findProgram("deno", context.searchPath);
  if (found) return found;
  throw binaryError(spec, '"entrypoint" needs deno, which is in no directory of PATH: install it');
}
