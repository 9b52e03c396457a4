import type { z } from "zod";
import { TomlError } from "../../toml/errors.ts";
import { inferMode } from "../binary/mode.ts";
import type { binarySchema, prepareSchema } from "../schema/binary.ts";
import type { BinarySpec, Origin, PrepareSpec } from "../types/types.ts";
import type { Written } from "./written.ts";

/** Returns where a table is written. */
export function originOf(written: Written): Origin {
  return { where: written.where(), directory: written.home.file.directory };
}

/**
 * Converts a `[[binary]]` that fits its schema.
 *
 * @throws {TomlError} If it has no source, or two.
 */
export function binarySpec(binary: z.output<typeof binarySchema>, written: Written): BinarySpec {
  const found = inferMode(binary);
  if ("message" in found) {
    const where = written.where(found.key === undefined ? [] : [found.key]);
    throw new TomlError([{ where, message: `binary "${binary.name}": ${found.message}` }]);
  }
  const { "all-features": allFeatures = false, features = [], ...rest } = binary;
  return { ...rest, mode: found.mode, features, allFeatures, origin: originOf(written) };
}

/** Converts a `[[prepare]]` that fits its schema. */
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
