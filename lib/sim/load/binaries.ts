import type { z } from "zod";
import { TomlError } from "../../toml/errors.ts";
import type { binarySchema, prepareSchema } from "../schema/binary.ts";
import type { BinaryMode, BinarySpec, Origin, PrepareSpec } from "../types.ts";
import type { Written } from "./written.ts";

/** Where a table is written. */
export function originOf(written: Written): Origin {
  return { where: written.where(), directory: written.home.file.directory };
}

const CARGO = ["example", "bin", "features", "all-features"];

/** The keys that each mode has, besides name and mode. */
const KEYS: Record<BinaryMode, readonly string[]> = {
  path: ["path", ...CARGO],
  fetch: ["url", "sha256", "member"],
  build: ["repo", "commit", ...CARGO],
  target: ["example", "bin"],
  entrypoint: ["entrypoint", "permissions"],
  command: ["command", "path", "sources"],
};

/** What each mode cannot do without: one of these. */
const NEEDED: Record<BinaryMode, readonly string[]> = {
  path: ["path"],
  fetch: ["url"],
  build: ["example", "bin"],
  target: ["example", "bin"],
  entrypoint: ["entrypoint"],
  command: ["command"],
};

/**
 * A `[[binary]]`, which its schema accepted.
 *
 * @throws {TomlError} If it says nothing of where it is from, or two things.
 */
export function binarySpec(binary: z.output<typeof binarySchema>, written: Written): BinarySpec {
  const refuse = (why: string, key?: string) => {
    const where = written.where(key === undefined ? [] : [key]);
    throw new TomlError([{ where, message: `the binary "${binary.name}" ${why}` }]);
  };
  const given = Object.keys(binary).filter((key) => key !== "name" && key !== "mode");
  const mode = binary.mode ?? inferredMode(given);
  if (!mode) {
    return refuse('needs a source: "path", "url", "example", "bin", "entrypoint" or "command"')!;
  }
  const foreign = given.find((key) => !KEYS[mode].includes(key));
  if (foreign !== undefined) {
    const why = binary.mode === undefined
      ? `whose source is "${given.find((key) => NEEDED[mode].includes(key))}"`
      : "";
    refuse(
      `is of the mode "${mode}"${why && `, ${why}`}, which has no "${foreign}"; it may have ` +
        KEYS[mode].join(", "),
      foreign,
    );
  }
  if (!NEEDED[mode].some((key) => given.includes(key))) {
    refuse(`is of the mode "${mode}", and needs ${NEEDED[mode].map((k) => `"${k}"`).join(" or ")}`);
  }
  if (binary.example !== undefined && binary.bin !== undefined) {
    refuse('is either an "example" or a "bin"', "bin");
  }
  if (mode === "command" && binary.path === undefined) {
    refuse('is built by a command, and needs "path": what the command makes', "command");
  }
  const { "all-features": allFeatures = false, features = [], ...rest } = binary;
  return { ...rest, mode, features, allFeatures, origin: originOf(written) };
}

function inferredMode(given: readonly string[]): BinaryMode | undefined {
  const has = (...keys: string[]) => keys.some((key) => given.includes(key));
  if (has("command")) return "command";
  if (has("entrypoint")) return "entrypoint";
  if (has("url")) return "fetch";
  if (has("path")) return "path";
  return has("repo", "example", "bin") ? "build" : undefined;
}

/** A `[[prepare]]`, which its schema accepted. */
export function prepareSpec(
  prepare: z.output<typeof prepareSchema>,
  written: Written,
): PrepareSpec {
  const { examples = [], bins = [], features = [] } = prepare;
  return {
    examples,
    bins,
    features,
    allFeatures: prepare["all-features"] ?? false,
    origin: originOf(written),
  };
}
