import { findProgram } from "../../../native/process/process.ts";
import { type BinaryContext, binaryError } from "./context.ts";
import type { ModuleGraph } from "./modules.ts";
import type { BinarySpec } from "../types/types.ts";

/** What a script starts Deno with. */
export interface Launch {
  deno: string;
  /** What Deno runs. */
  main: string;
  /** Whether `main` is all there is, so that nothing of packages is looked up. */
  bundled: boolean;
  permissions: readonly string[];
  graph: ModuleGraph;
}

/**
 * A script for sh(1) that becomes `deno run` of a module: signals, standard streams, arguments and the
 * exit code are the module's own.
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
 * Whether modules are the same when they are one file: not if they look for files beside them, or start
 * workers from there.
 */
export function isBundleable({ sources }: ModuleGraph): boolean {
  return [...sources.values()].every((text) =>
    !/\bimport\.meta\.(?!main\b)|\bimport\.meta\b(?!\.)/.test(text)
  );
}

/**
 * The `deno` that runs this, or else that of PATH.
 *
 * @throws {BinaryError} If Netyard itself was compiled, and there is none.
 */
export function denoProgram(context: BinaryContext, spec: BinarySpec): string {
  if (!Deno.build.standalone) return Deno.execPath();
  const found = findProgram("deno", context.searchPath);
  if (found) return found;
  throw binaryError(spec, '"entrypoint" needs deno, which is in no directory of PATH: install it');
}
