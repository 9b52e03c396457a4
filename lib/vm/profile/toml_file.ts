import { dirname, join } from "node:path";
import { nearest } from "../../options/nearest.ts";
import { parseOptions } from "../../options/parse_options.ts";
import { TomlDocument } from "../../toml/document.ts";
import { TomlError } from "../../toml/errors.ts";
import { ProfileError } from "../options/errors.ts";
import { type TomlProfile, tomlSchema } from "./toml_schema.ts";

/** The name of the file. */
export const TOML_NAME = "netyard.toml";

/** The content of a `netyard.toml`. */
export interface TomlFile {
  /** The path of the file. */
  path: string;
  profiles: ReadonlyMap<string, TomlProfile>;
  /** The simulations: files, directories and patterns, relative to the file's directory. */
  simulations: readonly string[];
}

/** Reads the `netyard.toml` of a directory, or of the nearest one above that has one. */
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
 * Parses a `netyard.toml`.
 *
 * @throws {ProfileError} If it is not TOML.
 * @throws {InvalidOptionError} If it has an unknown key or an invalid value.
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
 * Resolves the `extends` of a profile: its own keys override those of the profile that it extends. In the
 * result, `extends` is only left if it names a profile that comes with Netyard.
 *
 * @param builtIn The built-in profiles that can be extended.
 * @throws {ProfileError} If it extends an unknown profile, or itself.
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
