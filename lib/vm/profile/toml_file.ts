import { dirname, join } from "node:path";
import { nearest } from "../../options/nearest.ts";
import { parseOptions } from "../../options/parse_options.ts";
import { TomlDocument } from "../../toml/document.ts";
import { TomlError } from "../../toml/errors.ts";
import { ProfileError } from "../options/errors.ts";
import { type TomlProfile, tomlSchema } from "./toml_schema.ts";

/** The name of the file. */
export const TOML_NAME = "netyard.toml";

/** A `netyard.toml` that was read. */
export interface TomlFile {
  /** Where it is. */
  path: string;
  profiles: ReadonlyMap<string, TomlProfile>;
  /** Where its simulations are: files, directories and patterns, relative to its directory. */
  simulations: readonly string[];
}

/** The `netyard.toml` of a directory, or of the nearest one above it that has one. */
export function findToml(directory: string): TomlFile | undefined {
  for (let at = directory;; at = dirname(at)) {
    const path = join(at, TOML_NAME);
    let text: string | undefined;
    try {
      text = Deno.readTextFileSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) {
        throw new ProfileError(`${path} cannot be read: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
    if (text !== undefined) return parseToml(path, text);
    if (dirname(at) === at) return undefined;
  }
}

/**
 * What a `netyard.toml` says.
 *
 * @throws {ProfileError} If it is no TOML.
 * @throws {InvalidOptionError} If it has what is unknown, or is not as it should be.
 *
 * @example
 * ```ts
 * import { parseToml } from "./toml_file.ts";
 *
 * const { profiles } = parseToml("/p/netyard.toml", '[profiles.nas]\nkernel = "vmlinuz"\n');
 * console.assert(profiles.get("nas")?.kernel === "vmlinuz");
 * ```
 */
export function parseToml(path: string, text: string): TomlFile {
  let value: unknown;
  try {
    value = TomlDocument.parse(path, text).value;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new ProfileError(error.message, { cause: error });
  }
  const { profiles = {}, simulations = [] } = parseOptions(tomlSchema, value, path);
  return { path, profiles: new Map(Object.entries(profiles)), simulations: [simulations].flat() };
}

/**
 * A profile with what it has by `extends`: its own keys come before those of the one that it extends.
 * What is left of `extends` is the name of one that comes with Netyard, if any.
 *
 * @param builtIn The names that the file may extend, besides its own.
 * @throws {ProfileError} If it extends what is not there, or itself.
 */
export function resolveProfile(
  file: TomlFile,
  name: string,
  builtIn: readonly string[],
): TomlProfile {
  const trail = [name];
  let result = file.profiles.get(name)!;
  while (result.extends !== undefined && !builtIn.includes(result.extends)) {
    const next = result.extends;
    const refuse = (why: string) => {
      throw new ProfileError(
        `${file.path}: "profiles.${trail.at(-1)}.extends" is ${JSON.stringify(next)}, ${why}`,
      );
    };
    const base = file.profiles.get(next);
    const others = [...builtIn, ...file.profiles.keys()].filter((each) => !trail.includes(each));
    if (trail.includes(next)) refuse(`which extends it in turn: ${[...trail, next].join(" -> ")}`);
    if (!base) {
      const meant = nearest(next, others);
      refuse(
        `but may be ${others.join(", ")}` +
          (meant === undefined ? "" : `; did you mean "${meant}"?`),
      );
    }
    const { extends: _, ...own } = result;
    result = { ...base, ...own };
    trail.push(next);
  }
  return result;
}
