import type { BinaryMode } from "../types/types.ts";

/** A `[[binary]]` by the keys of TOML; an undefined value means that the key is missing. */
export type BinaryFields = Readonly<Record<string, unknown>> & { mode?: BinaryMode };

/** A fault of the fields. */
export interface ModeFault {
  /** The field, if the fault is of one. */
  key?: string;
  /** What is written, and what it must be. */
  message: string;
}

/**
 * The name that cargo has for the program, and how cargo builds it. The modes path and fetch have these
 * fields too, as `--binary NAME:build:DIRECTORY` may build the program in their place.
 */
const CARGO = ["example", "bin", "features", "all-features"];

/** The modes, and the fields of each besides `name` and `mode`. */
const MODE_FIELDS: Readonly<Record<BinaryMode, readonly string[]>> = {
  path: ["path", ...CARGO],
  fetch: ["url", "sha256", "member", ...CARGO],
  build: ["repo", "commit", "path", ...CARGO],
  target: CARGO,
  entrypoint: ["entrypoint", "permissions"],
  command: ["command", "path", "sources"],
};

/** All modes. */
export const BINARY_MODES: readonly BinaryMode[] = Object.keys(MODE_FIELDS) as BinaryMode[];

/** The fields that say where a program comes from, and the mode that each means. */
const SOURCES: readonly [key: string, mode: BinaryMode][] = [
  ["command", "command"],
  ["entrypoint", "entrypoint"],
  ["path", "path"],
  ["url", "fetch"],
  ["repo", "build"],
];

/**
 * Returns the mode of a program: `mode`, or else that of its source: `path` "path", `url` "fetch", `repo`
 * "build", `entrypoint` "entrypoint" and `command` "command", where `path` is the file that the command
 * makes. `example` or `bin` without any of these mean "build"; beside them they are the name that cargo
 * has for the program. All fields must be valid for the mode.
 *
 * @param fields By the keys of TOML, such as `all-features`.
 */
export function inferMode(fields: BinaryFields): { mode: BinaryMode } | ModeFault {
  const has = (key: string) => fields[key] !== undefined;
  const found = fields.mode === undefined ? inferred(has) : { mode: fields.mode };
  if ("message" in found) return found;
  const { mode } = found;
  const allowed = MODE_FIELDS[mode];
  for (const key of Object.keys(fields)) {
    if (key === "name" || key === "mode" || !has(key) || allowed.includes(key)) continue;
    return {
      key,
      message: `"${key}" does not go with the mode "${mode}", which takes ${listed(allowed)}`,
    };
  }
  return missing(mode, has) ?? found;
}

function inferred(has: (key: string) => boolean): { mode: BinaryMode } | ModeFault {
  const sources = SOURCES.filter(([key]) =>
    // The file that a command makes is not a source.
    has(key) && !(key === "path" && has("command"))
  );
  if (sources.length === 1) return { mode: sources[0][1] };
  if (sources.length > 1) {
    const keys = sources.map(([key]) => key);
    return {
      key: keys[1],
      message: `it has ${listed(keys)}, but may have only one source; leave one of them out`,
    };
  }
  if (has("example") || has("bin")) return { mode: "build" };
  return {
    message: "it has no source for the program; give it " +
      '"path", "url", "repo", "example", "bin", "entrypoint" or "command"',
  };
}

/** Returns the fault of a mode without a required field, or with two that exclude each other. */
function missing(mode: BinaryMode, has: (key: string) => boolean): ModeFault | undefined {
  const need = (key: string, what: string) =>
    has(key) ? undefined : { message: `the mode "${mode}" needs "${key}": ${what}` };
  if (has("example") && has("bin")) {
    return { key: "bin", message: 'it has "example" and "bin"; leave one of them out' };
  }
  switch (mode) {
    case "path":
      return need("path", "the program");
    case "fetch":
      return need("url", "the URL to download it from");
    case "entrypoint":
      return need("entrypoint", "a TypeScript module");
    case "command":
      return need("command", "the build command") ?? need("path", "the program that it makes");
    case "build":
      if (has("repo") && has("path")) {
        return { key: "path", message: 'it has "repo" and "path"; leave one of them out' };
      }
      if (has("commit") && !has("repo")) {
        return { key: "commit", message: '"commit" needs "repo", the git repository' };
      }
      break;
  }
  if ((mode === "build" || mode === "target") && !has("example") && !has("bin")) {
    return { message: `the mode "${mode}" needs "example" or "bin": cargo's name for the program` };
  }
}

function listed(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(", ").replace(/, ([^,]*)$/, " and $1");
}
