import type { BinaryMode } from "../types/types.ts";

/** A `[[binary]]` as it is written, by the keys of TOML; what is undefined is not there. */
export type BinaryFields = Readonly<Record<string, unknown>> & { mode?: BinaryMode };

/** What is wrong with the fields. */
export interface ModeFault {
  /** Which of them, where it is one. */
  key?: string;
  /** What is there, and what it must be. */
  message: string;
}

/**
 * What cargo calls the program, and how it builds it. It goes also with what is there, or downloaded,
 * in whose place `--binary NAME:build:DIRECTORY` may have it built.
 */
const CARGO = ["example", "bin", "features", "all-features"];

/** The modes, and which fields go with each, besides `name` and `mode`. */
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
 * What a program is got by: `mode`, or else what its source means: `path` "path", `url` "fetch", `repo`
 * "build", `entrypoint` and `command` themselves (`path` says then what the command makes). `example`
 * or `bin` without any of these mean "build"; beside them, what cargo calls the program. All fields
 * must go with the mode.
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
    // What a command makes is no source.
    has(key) && !(key === "path" && has("command"))
  );
  if (sources.length === 1) return { mode: sources[0][1] };
  if (sources.length > 1) {
    const keys = sources.map(([key]) => key);
    return {
      key: keys[1],
      message: `it comes from ${listed(keys)} at once; leave one of them out`,
    };
  }
  if (has("example") || has("bin")) return { mode: "build" };
  return {
    message: "it says nowhere where the program comes from; give it " +
      '"path", "url", "repo", "example", "bin", "entrypoint" or "command"',
  };
}

/** What a mode cannot do without. */
function missing(mode: BinaryMode, has: (key: string) => boolean): ModeFault | undefined {
  const need = (key: string, what: string) =>
    has(key) ? undefined : { message: `the mode "${mode}" needs "${key}": ${what}` };
  if (has("example") && has("bin")) {
    return { key: "bin", message: 'it has "example" and "bin", but a program is one of them' };
  }
  switch (mode) {
    case "path":
      return need("path", "the program");
    case "fetch":
      return need("url", "where to download it");
    case "entrypoint":
      return need("entrypoint", "a TypeScript module");
    case "command":
      return need("command", "what builds it") ?? need("path", "the program that it makes");
    case "build":
      if (has("repo") && has("path")) {
        return { key: "path", message: 'it has "repo" and "path", but is built in one of them' };
      }
      if (has("commit") && !has("repo")) {
        return { key: "commit", message: '"commit" is of a git repository; give it "repo" too' };
      }
      break;
  }
  if ((mode === "build" || mode === "target") && !has("example") && !has("bin")) {
    return { message: `the mode "${mode}" needs "example" or "bin": what cargo calls the program` };
  }
}

function listed(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(", ").replace(/, ([^,]*)$/, " and $1");
}
