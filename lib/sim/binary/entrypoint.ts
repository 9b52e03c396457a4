import { dirname, join, resolve } from "node:path";
import { nearest } from "../../options/nearest.ts";
import { withLock } from "../../files/lock.ts";
import { cached, kept } from "../../files/cache.ts";
import { type BinaryContext, binaryError, called, fileName } from "./context.ts";
import { denoProgram, isBundleable, launcherScript } from "./launcher.ts";
import { type ModuleGraph, moduleGraph } from "./modules.ts";
import { statOf } from "./path.ts";
import { runTool, toolError } from "./tool.ts";
import type { BinarySpec } from "../types/types.ts";

const ALL_PERMISSIONS = ["-A"];

// The messages of deno compile without the runtime (denort) that it puts into programs.
const NO_RUNTIME = /denort|dl\.deno\.land|Setting up base binary/;
// How long the download of the runtime may take; afterwards a script is used in its place.
const COMPILE_MS = 120_000;

const BUNDLE = "main.js";

/** A module to compile. */
interface Job {
  spec: BinarySpec;
  deno: string;
  module: string;
  graph: ModuleGraph;
  permissions: readonly string[];
  /** The name of the program in the cache. */
  program: string;
  directory: string;
}

/**
 * Compiles a TypeScript module with `deno compile`, and returns the path of the program. It is kept until
 * the module or one that it imports changes. Types are not checked. Without the runtime that `deno
 * compile` needs, the program is a script that runs the same modules with `deno run`.
 *
 * @throws {BinaryError} If the module, or one that it imports, is missing or invalid.
 */
export async function entrypointBinary(context: BinaryContext, spec: BinarySpec): Promise<string> {
  const job = await jobOf(context, spec);
  return await keptProgram(job) ??
    await context.building(() =>
      withLock(
        join(job.directory, `${job.graph.hash}.lock`),
        async () => await keptProgram(job) ?? await make(context, job),
      )
    );
}

/**
 * Returns the path of the program that was compiled before.
 *
 * @throws {BinaryError} If the module was not compiled, or has changed since.
 */
export async function entrypointKept(context: BinaryContext, spec: BinarySpec): Promise<string> {
  const job = await jobOf(context, spec);
  const program = await keptProgram(job);
  if (program !== undefined) return program;
  throw binaryError(
    spec,
    `${job.module}, as it is now, was not compiled before, and nothing may be built`,
  );
}

/**
 * Checks what can be checked without reading the module.
 *
 * @throws {BinaryError} If the file or Deno is missing.
 */
export async function checkEntrypoint(context: BinaryContext, spec: BinarySpec): Promise<void> {
  denoProgram(context, spec);
  const path = modulePath(context, spec);
  const stat = await statOf(path);
  if (stat?.isFile) return;
  const names = await Array.fromAsync(Deno.readDir(dirname(path)), ({ name }) => name)
    .catch(() => []);
  const near = nearest(path.slice(dirname(path).length + 1), names);
  throw binaryError(
    spec,
    `"entrypoint" is "${spec.entrypoint}", but ` +
      (stat ? `${path} is a directory` : `there is no ${path}`) +
      (near && !stat ? `; did you mean "${near}"?` : ""),
  );
}

function modulePath(context: BinaryContext, { origin, entrypoint }: BinarySpec): string {
  return resolve(context.cwd, origin.directory, entrypoint!);
}

async function jobOf(context: BinaryContext, spec: BinarySpec): Promise<Job> {
  const deno = denoProgram(context, spec);
  const module = modulePath(context, spec);
  // No prompt can be answered. A set, so that a repeated permission makes no other program.
  const permissions = [...new Set(["--no-prompt", ...spec.permissions ?? ALL_PERMISSIONS])];
  const program = fileName(spec.name);
  const parts = [deno, Deno.version.deno, permissions, program];
  const graph = await moduleGraph(context, spec, deno, module, parts);
  const directory = join(context.cache, "entrypoints");
  return { spec, deno, module, graph, permissions, program, directory };
}

async function keptProgram({ directory, graph, program }: Job): Promise<string | undefined> {
  const variants = [
    { name: graph.hash, files: [program] },
    { name: `${graph.hash}-bundle`, files: [program, BUNDLE] },
  ];
  for (const variant of variants) {
    const found = await kept({ directory, ...variant });
    if (found !== undefined) return join(found, program);
  }
}

async function make(context: BinaryContext, job: Job): Promise<string> {
  const { directory, graph, program, module, spec } = job;
  const own = await Deno.makeTempDir({ prefix: "netyard-compile-" });
  try {
    context.say(`${called(spec)}: compiling ${module}`);
    const compiled = join(own, program);
    if (await compile(context, job, compiled)) {
      const build = async (to: string) => {
        await Deno.copyFile(compiled, join(to, program));
        await Deno.chmod(join(to, program), 0o755);
      };
      const found = await cached({ directory, name: graph.hash, files: [program], build });
      return join(found.directory, program);
    }
    const bundle = join(own, BUNDLE);
    const bundled = isBundleable(graph) && await makeBundle(context, job, bundle);
    context.say(
      `${called(spec)}: deno compile has no runtime (denort) on this host; this Deno runs ` +
        (bundled ? "a bundle of the modules" : "the modules where they are"),
    );
    const name = bundled ? `${graph.hash}-bundle` : graph.hash;
    const build = async (to: string) => {
      const main = bundled ? join(directory, name, BUNDLE) : module;
      if (bundled) await Deno.copyFile(bundle, join(to, BUNDLE));
      await Deno.writeTextFile(join(to, program), launcherScript({ ...job, main, bundled }), {
        mode: 0o755,
      });
      await Deno.chmod(join(to, program), 0o755);
    };
    const files = bundled ? [program, BUNDLE] : [program];
    return join((await cached({ directory, name, files, build })).directory, program);
  } finally {
    await Deno.remove(own, { recursive: true });
  }
}

/** Returns whether the module was compiled; false if the runtime is missing. */
async function compile(context: BinaryContext, job: Job, output: string): Promise<boolean> {
  const { spec, deno, module, permissions, graph } = job;
  const flags = ["--quiet", "--no-check", ...permissions];
  const result = await runTool(context, {
    program: deno,
    args: ["compile", ...flags, "--output", output, module],
    directory: dirname(module),
    limitMs: COMPILE_MS,
  });
  if (result.ok) return true;
  if (NO_RUNTIME.test(result.log) || result.ending.startsWith("was ended")) return false;
  const log = `${fileName(spec.name)}-${graph.hash.slice(0, 32)}`;
  throw await toolError(context, spec.origin.where, `${called(spec)}: deno compile`, log, result);
}

/** Returns whether the modules were bundled: deno bundle may need a download, too. */
async function makeBundle(context: BinaryContext, job: Job, output: string): Promise<boolean> {
  const { deno, module } = job;
  const result = await runTool(context, {
    program: deno,
    args: ["bundle", "--quiet", "--sourcemap", "inline", "--output", output, module],
    directory: dirname(module),
    limitMs: COMPILE_MS,
  });
  if (!result.ok) {
    const why = result.log.split("\n").find((line) => line.startsWith("error")) ?? result.ending;
    context.say(`${called(job.spec)}: deno bundle failed: ${why}`);
  }
  return result.ok;
}
