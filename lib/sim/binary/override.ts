import { nearest } from "../../options/nearest.ts";
import { BinaryError } from "./error.ts";
import { BINARY_MODES } from "./mode.ts";
import type { BinaryMode, BinarySpec } from "../types/types.ts";

const FORM = 'it must be "name:mode:value", such as "relay:path:./target/release/relay", ' +
  '"relay:fetch:https://example.org/relay.tar.gz", "relay:build:../relay", ' +
  '"relay:target:example/relay", "relay:entrypoint:relay.ts" or "relay:command:make relay"';

/**
 * Parses an override of a program, `name:mode:value`. The value is, by mode:
 *
 * - path: the program, or `target:NAME`
 * - fetch: its URL
 * - build: the directory of a cargo workspace, or the URL of a git repository, optionally followed by `#`
 *   and a commit
 * - target: `bin/NAME`, `example/NAME`, or NAME for either
 * - entrypoint: the TypeScript module
 * - command: a line for sh(1)
 *
 * @param cwd The directory for relative paths.
 * @throws {BinaryError} If it is invalid.
 */
export function parseOverride(text: string, cwd: string): BinarySpec {
  const where = `--binary ${text}`;
  const match = /^([^:]+):([^:]+):([^]+)$/.exec(text);
  if (!match) throw new BinaryError(where, FORM);
  const [, name, word, value] = match;
  const mode = BINARY_MODES.find((known) => known === word);
  if (!mode) {
    const near = nearest(word, BINARY_MODES);
    throw new BinaryError(
      where,
      `there is no mode "${word}"${near ? `; did you mean "${near}"?` : "."} ` +
        `There are: ${BINARY_MODES.join(", ")}`,
    );
  }
  return {
    name,
    mode,
    features: [],
    allFeatures: false,
    origin: { where, directory: cwd },
    ...VALUES[mode](value),
  };
}

const VALUES: Record<BinaryMode, (value: string) => Partial<BinarySpec>> = {
  path: (path) => ({ path }),
  fetch: (url) => ({ url }),
  build: (value) => {
    if (!isRepository(value)) return { path: value };
    const [, repo, commit] = /^(.*?)(?:#(.+))?$/.exec(value)!;
    return { repo, commit };
  },
  target: (value) => {
    const [, kind, name] = /^(?:(bins?|examples?)\/)?([^]+)$/.exec(value)!;
    if (!kind) return { mode: "path", path: `target:${name}` };
    return kind.startsWith("bin") ? { bin: name } : { example: name };
  },
  entrypoint: (entrypoint) => ({ entrypoint }),
  command: (command) => ({ command }),
};

/** Returns whether a value is the URL of a git repository, or the short form `git@host:a/b`. */
function isRepository(value: string): boolean {
  return /^[a-z][a-z+]*:\/\/|^[^/\s]+@[^/\s]+:|\.git(#.*)?$/.test(value);
}

/**
 * Completes an override from the declaration: the name and features for cargo, the file that a command
 * makes, the permissions of a module, the member of an archive.
 *
 * @throws {BinaryError} If a required value is not declared.
 */
export function override(over: BinarySpec, declared: BinarySpec | undefined): BinarySpec {
  switch (over.mode) {
    case "build": {
      const { bin, example, features = [], allFeatures = false } = declared ?? {};
      const named = bin ?? example;
      // Without another name, cargo's name is that of the program.
      return {
        ...over,
        example,
        bin: named === undefined ? over.name : bin,
        features,
        allFeatures,
      };
    }
    case "fetch":
      return { ...over, member: declared?.member };
    case "entrypoint":
      return { ...over, permissions: declared?.permissions };
    case "command":
      if (declared?.mode !== "command" || declared.path === undefined) {
        throw new BinaryError(
          over.origin.where,
          `the file that the command makes is not known: only a [[binary]] with "command" and "path" ` +
            "can be built by another command",
        );
      }
      return {
        ...over,
        path: declared.path,
        origin: { ...declared.origin, where: over.origin.where },
      };
  }
  return over;
}
