import { nearest } from "../options/nearest.ts";
import type { BinaryMode } from "./types.ts";

/** A `[[binary]]` as it is written, by the keys of TOML; what is undefined is not there. */
export type BinaryFields = Readonly<Record<string, unknown>>;

/** What is wrong with the fields. */
export interface ModeFault {
  /** Which of them, where it is one. */
  key?: string;
  /** What is there, and what it must be. */
  message: string;
}

/** The modes, and which fields go with each, besides `name` and `mode`. */
export const MODE_FIELDS: Readonly<Record<BinaryMode, readonly string[]>> = {
  path: ["path"],
  fetch: ["url", "sha256", "member"],
  build: ["repo", "commit", "path", "example", "bin", "features", "all-features"],
  target: ["example", "bin"],
  entrypoint: ["entrypoint", "permissions"],
  command: ["command", "path", "sources"],
};

/** All modes. */
export const BINARY_MODES: readonly BinaryMode[] = Object.keys(MODE_FIELDS) as BinaryMode[];

/** The fields that say where a program comes from, and the mode that each means. */
const SOURCES: readonly [keys: readonly string[], mode: BinaryMode][] = [
  [["command"], "command"],
  [["entrypoint"], "entrypoint"],
  [["url"], "fetch"],
  [["repo", "example", "bin"], "build"],
  [["path"], "path"],
];

/**
 * What a program is got by: `mode`, or else what its other fields mean: `path` means "path", `url`
 * "fetch", `repo`, `example` and `bin` "build", `entrypoint` and `command` themselves (`path` says
 * then what the command makes). All fields must go with it.
 *
 * @param fields By the keys of TOML, such as `all-features`.
 */
export function inferMode(fields: BinaryFields): { mode: BinaryMode } | ModeFault {
  const has = (key: string) => fields[key] !== undefined;
  const found = has("mode") ? stated(fields.mode) : inferred(has);
  if ("message" in found) return found;
  const { mode } = found;
  const allowed = MODE_FIELDS[mode];
  for (const key of Object.keys(fields)) {
    if (key === "name" || key === "mode" || !has(key) || allowed.includes(key)) continue;
    const why = mode === "target" && MODE_FIELDS.build.includes(key)
      ? "it takes what is there, and builds nothing"
      : `it takes ${listed(allowed)}`;
    return { key, message: `"${key}" does not go with the mode "${mode}": ${why}` };
  }
  return missing(mode, has) ?? found;
}

function stated(value: unknown): { mode: BinaryMode } | ModeFault {
  const mode = BINARY_MODES.find((known) => known === value);
  if (mode) return { mode };
  const near = typeof value === "string" ? nearest(value, BINARY_MODES) : undefined;
  return {
    key: "mode",
    message: `"mode" is ${JSON.stringify(value)}, but must be one of ${BINARY_MODES.join(", ")}` +
      (near ? `; did you mean "${near}"?` : ""),
  };
}

function inferred(has: (key: string) => boolean): { mode: BinaryMode } | ModeFault {
  const found = SOURCES.filter(([keys]) => keys.some(has));
  // What a command makes is no source.
  const sources = has("command") ? found.filter(([, mode]) => mode !== "path") : found;
  if (sources.length === 1) return { mode: sources[0][1] };
  if (sources.length === 0) {
    return {
      message: "it says nowhere where the program comes from: give it " +
        "path, url, repo, example, bin, entrypoint or command",
    };
  }
  const keys = sources.map(([keys]) => keys.filter(has)[0]);
  const modes = sources.map(([, mode]) => `"${mode}"`);
  return {
    key: keys[1],
    message: `it comes from ${listed(keys)} at once: leave one, or say which by "mode", ` +
      `which may be ${modes.join(" or ")}`,
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
        return { key: "commit", message: '"commit" is of a git repository: give it "repo" too' };
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
