import { basename, dirname, resolve } from "node:path";
import { nearest } from "../../options/nearest.ts";
import { type BinaryContext, binaryError } from "./context.ts";
import { targetBinary } from "./target.ts";
import type { BinarySpec } from "../types/types.ts";

/** The prefix of names in cargo's target directory. */
const TARGET = "target:";

/**
 * Returns the path of an existing program, relative to the file that declares it, or else to the working
 * directory.
 *
 * @throws {BinaryError} If it is in neither, or cannot be executed.
 */
export function pathBinary(context: BinaryContext, spec: BinarySpec): Promise<string> {
  const path = spec.path!;
  return path.startsWith(TARGET)
    ? targetBinary(context, spec, path.slice(TARGET.length))
    : fileBinary(context, spec, path);
}

/** Returns whether cargo may build the program, so that it may exist only after cargo has run. */
export function isBuiltByCargo(context: BinaryContext, { mode, path }: BinarySpec): boolean {
  if (mode === "target") return true;
  if (mode !== "path") return false;
  if (path!.startsWith(TARGET)) return true;
  const target = context.variable("CARGO_TARGET_DIR");
  return path!.split("/").includes("target") ||
    (!!target && resolve(context.cwd, path!).startsWith(resolve(context.cwd, target)));
}

async function fileBinary(
  context: BinaryContext,
  spec: BinarySpec,
  path: string,
): Promise<string> {
  const places = [resolve(context.cwd, spec.origin.directory, path), resolve(context.cwd, path)];
  const looked = [...new Set(places)];
  for (const place of looked) {
    const stat = await statOf(place);
    if (stat) return checked(spec, place, stat);
  }
  const near = await nearestIn(looked.map(dirname), basename(path));
  throw binaryError(
    spec,
    `"path" is "${path}", but there is no ${looked.join(" and no ")}` +
      (near ? `; did you mean "${near}"?` : ""),
  );
}

/**
 * Returns `path` if the file can be executed.
 *
 * @throws {BinaryError} If it cannot.
 */
export async function executable(spec: BinarySpec, path: string): Promise<string> {
  return checked(spec, path, await Deno.stat(path));
}

/** Returns information about the file at a path; undefined if there is none. */
export async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

function checked(spec: BinarySpec, path: string, stat: Deno.FileInfo): string {
  if (stat.isDirectory) {
    throw binaryError(
      spec,
      `"path" is the directory ${path}: name the program in it, or, if it is a cargo workspace, ` +
        'give mode = "build", and "bin" or "example"',
    );
  }
  if (!((stat.mode ?? 0) & 0o111)) {
    throw binaryError(spec, `${path} cannot be executed: chmod +x it, if it is the program`);
  }
  return path;
}

/** Returns the nearest name in the directories that exist. */
async function nearestIn(
  directories: readonly string[],
  name: string,
): Promise<string | undefined> {
  const names: string[] = [];
  for (const directory of directories) {
    try {
      for await (const entry of Deno.readDir(directory)) names.push(entry.name);
    } catch {
      // missing or not readable
    }
  }
  return nearest(name, names);
}
