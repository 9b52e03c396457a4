import { dirname, join, relative, resolve } from "node:path";
import { NetyardError } from "../../../native/error.ts";
import { TomlDocument } from "../../toml/document.ts";
import { TomlError } from "../../toml/errors.ts";
import { findToml, TOML_NAME } from "../../vm/profile/toml_file.ts";
import { shown } from "./extends.ts";
import { Faults } from "./faults.ts";
import { isFile } from "./near_files.ts";
import { readSimFile, unreadable } from "./read_file.ts";
import type { SimFile } from "./written.ts";

/** The file that names the simulations of a project that began with another tool. */
const OLDER_PROJECT_NAME = "patchbay.toml";

/**
 * Returns the files of the requested simulations, each once.
 *
 * @param paths Files, patterns, and directories that have simulations. None: those of the project.
 * @throws {TomlError} If a file does not exist, cannot be read, or is not a simulation.
 */
export async function findSimFiles(paths: readonly string[], cwd: string): Promise<SimFile[]> {
  const faults = new Faults();
  const requested = paths.length > 0 ? paths : await projectPaths(cwd);
  const found = new Map<string, SimFile>();
  for (const path of requested) {
    const files = await faults.tryAsync(() => filesAt(path, cwd));
    for (const file of files ?? []) {
      const absolute = resolve(cwd, file.document.path);
      if (!found.has(absolute)) found.set(absolute, file);
    }
  }
  faults.throwIfAny();
  return [...found.values()];
}

/** Whether a file is a simulation: not a file that simulations extend, or something else. */
function isSimulation({ document: { value } }: SimFile): boolean {
  return value.sim !== undefined || value.step !== undefined;
}

/** Explains why a file is not a simulation. */
function notASimulation({ document: { value } }: SimFile): string {
  const has = (...keys: string[]) => keys.some((key) => value[key] !== undefined);
  const hint = has("step-template", "step-group", "binary")
    ? "; simulations name it by [[extends]]"
    : has("router", "device")
    ? '; simulations name a topology by [sim] "topology", or have it in them'
    : "";
  return `it is not a simulation: it has neither a [sim] table nor a [[step]]${hint}`;
}

async function filesAt(path: string, cwd: string): Promise<SimFile[]> {
  const refuse = (why: string) => new TomlError([{ where: path, message: why }]);
  // As from an unset variable of the shell; it would mean the working directory.
  if (path === "") throw new TomlError([{ where: '""', message: "the name of a file is empty" }]);
  const pattern = /[*?]/.test(path) ? globPattern(path) : undefined;
  if (!pattern) {
    const info = await Deno.stat(resolve(cwd, path)).catch(() => undefined);
    if (!info?.isDirectory) {
      const file = await readSimFile(path, cwd);
      if (!isSimulation(file)) throw refuse(notASimulation(file));
      return [file];
    }
  }
  const base = pattern ? fixedPart(path) : path;
  const names = (await tomlFilesBelow(resolve(cwd, base), base))
    .map((name) => join(base, name))
    .filter((name) => pattern?.test(name) ?? true)
    // From a directory further down, a near file has a short name.
    .map((name) => name.startsWith("..") ? relative(cwd, resolve(cwd, name)) : name);
  const faults = new Faults();
  const files: SimFile[] = [];
  for (const name of names) {
    const file = await faults.tryAsync(() => readSimFile(name, cwd));
    if (file && isSimulation(file)) files.push(file);
  }
  faults.throwIfAny();
  if (files.length === 0) {
    throw refuse("there is no simulation: no .toml file with a [sim] table or a [[step]]");
  }
  return files;
}

/** Returns the `.toml` files below a directory, by their names from there, in order. */
async function tomlFilesBelow(
  directory: string,
  shownAs: string,
  prefix = "",
): Promise<string[]> {
  const entries: Deno.DirEntry[] = [];
  try {
    for await (const entry of Deno.readDir(join(directory, prefix))) entries.push(entry);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new TomlError([{ where: join(shownAs, prefix), message: unreadable(error) }], {
      cause: error,
    });
  }
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const name = join(prefix, entry.name);
    // Topologies are not simulations; hidden files are skipped.
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory) {
      if (entry.name !== "topos") found.push(...await tomlFilesBelow(directory, shownAs, name));
    } else if (entry.name.endsWith(".toml") && await isFile(join(directory, name))) {
      found.push(name);
    }
  }
  return found;
}

/** Returns the directories of a pattern before the first one with a wildcard. */
function fixedPart(pattern: string): string {
  const parts = pattern.split("/");
  const fixed = parts.slice(0, parts.findIndex((part) => /[*?]/.test(part)));
  return pattern.startsWith("/") ? `/${fixed.slice(1).join("/")}` : fixed.join("/") || ".";
}

/** Returns the expression for a pattern such as `sims/*.toml` or `sims/**`. */
function globPattern(pattern: string): RegExp {
  const source = pattern.replace(/^\.\//, "").replace(
    /\*\*\/|\*\*|[*?]|[\\^$+.()|[\]{}]/g,
    (piece) => {
      if (piece === "**/") return "(?:.*/)?";
      if (piece === "**") return ".*";
      if (piece === "*") return "[^/]*";
      return piece === "?" ? "[^/]" : `\\${piece}`;
    },
  );
  return new RegExp(`^${source}$`);
}

/** Returns the simulations of the nearest project file, from the working directory upward. */
async function projectPaths(cwd: string): Promise<string[]> {
  const project = netyardProject(cwd) ?? await olderProject(cwd);
  if (project) {
    const directory = dirname(project.path);
    return project.simulations.map((each) => relative(cwd, join(directory, each)) || ".");
  }
  throw new TomlError([{
    where: TOML_NAME,
    message: 'no such file here or above has "simulations": name files or directories, or write ' +
      'one, with simulations = "sims/**"',
  }]);
}

interface Project {
  path: string;
  simulations: readonly string[];
}

function netyardProject(cwd: string): Project | undefined {
  try {
    const project = findToml(cwd);
    return project && project.simulations.length > 0 ? project : undefined;
  } catch (error) {
    if (!(error instanceof NetyardError)) throw error;
    // Its messages begin with the file.
    const [all, path, line, message] =
      /^(.*?\/netyard\.toml)(:\d+)?:? ([^]*)$/.exec(error.message) ?? [];
    const fault = all === undefined
      ? { where: TOML_NAME, message: error.message }
      : { where: `${shown(path, cwd)}${line ?? ""}`, message };
    throw new TomlError([fault], { cause: error });
  }
}

async function olderProject(cwd: string): Promise<Project | undefined> {
  for (let at = cwd;; at = dirname(at)) {
    const path = join(at, OLDER_PROJECT_NAME);
    if (await isFile(path)) {
      const document = TomlDocument.parse(shown(path, cwd), await Deno.readTextFile(path));
      const simulations = [document.value.simulations ?? []].flat();
      if (simulations.length > 0 && simulations.every((each) => typeof each === "string")) {
        return { path, simulations };
      }
    }
    if (dirname(at) === at) return undefined;
  }
}
