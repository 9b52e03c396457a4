import { z } from "zod";
import { checkToml } from "../../toml/check.ts";
import type { TomlDocument } from "../../toml/document.ts";
import { matrixSchema } from "../schema/matrix.ts";
import { choices } from "../values/choices.ts";
import { Faults } from "./faults.ts";
import { mapStrings, type SimFile } from "./written.ts";

/** More variants are a mistake, and would fill the memory before they run. */
const MOST_VARIANTS = 10_000;

/** One simulation of a matrix. */
export interface Variant {
  /** The value of each axis. */
  axes: Record<string, string>;
  /** What `${matrix.KEY}` stands for: the axes, and the params of their values. */
  values: ReadonlyMap<string, string>;
}

/**
 * Returns the variants of a file: each value of an axis of its `[matrix]` with each value of the others,
 * in the order of the file; the last axis changes first. Without a matrix there is one variant.
 *
 * @throws {TomlError} If the matrix has a fault.
 */
export function variantsOf(document: TomlDocument): Variant[] {
  if (document.value.matrix === undefined) return [{ axes: {}, values: new Map() }];
  const { params = {}, ...axes } = checkToml(z.object({ matrix: matrixSchema }), document).matrix;
  const faults = new Faults();
  checkParams(document, axes, params, faults);
  const count = Object.values(axes).reduce((product, texts) => product * texts.length, 1);
  if (count > MOST_VARIANTS) {
    faults.add(
      document.where(["matrix"]),
      `the matrix makes ${count} simulations, but may make ${MOST_VARIANTS} at most; leave axes or ` +
        "values out",
    );
  }
  faults.throwIfAny();
  let variants: Variant[] = [{ axes: {}, values: new Map() }];
  for (const [axis, texts] of Object.entries(axes)) {
    variants = variants.flatMap((variant) =>
      texts.map((text) => ({
        axes: { ...variant.axes, [axis]: text },
        values: new Map([
          ...variant.values,
          [axis, text] as const,
          ...Object.entries(params[axis]?.[text] ?? {}),
        ]),
      }))
    );
  }
  return variants;
}

type Params = Record<string, Record<string, Record<string, string>>>;

function checkParams(
  document: TomlDocument,
  axes: Record<string, string[]>,
  params: Params,
  faults: Faults,
): void {
  const owners = new Map(Object.keys(axes).map((axis) => [axis, "is an axis"]));
  for (const [axis, texts] of Object.entries(axes)) {
    const twice = texts.findIndex((text, i) => texts.indexOf(text) < i);
    if (twice >= 0) {
      faults.add(
        document.where(["matrix", axis, twice]),
        `the axis "${axis}" has the value "${texts[twice]}" twice`,
      );
    }
  }
  for (const [axis, byValue] of Object.entries(params)) {
    const path = ["matrix", "params", axis];
    if (!Object.hasOwn(axes, axis)) {
      faults.add(
        document.where(path),
        `"matrix.params.${axis}" is for an axis that does not exist` +
          choices(axis, Object.keys(axes), "Axes"),
      );
      continue;
    }
    const keys = new Set(Object.values(byValue).flatMap((each) => Object.keys(each)));
    for (const [text, each] of Object.entries(byValue)) {
      if (!axes[axis].includes(text)) {
        faults.add(
          document.where([...path, text]),
          `"matrix.params.${axis}.${text}" is for a value that the axis "${axis}" does not have` +
            choices(text, axes[axis], "Values"),
        );
      }
      for (const key of Object.keys(each)) {
        const owner = owners.get(key);
        if (owner === undefined) continue;
        faults.add(document.where([...path, text, key]), `the param "${key}" ${owner}, too`);
      }
    }
    for (const key of keys) owners.set(key, `is one of the axis "${axis}"`);
  }
}

/** Whether a text depends on the matrix. */
export function hasPlaceholder(text: string): boolean {
  return text.includes("${matrix.");
}

/**
 * Replaces each `${matrix.KEY}` in the strings of a file.
 *
 * @param shared Whether the simulation extends the file: an unknown key is kept then, as it may be in a
 *   template that is not used.
 * @throws {TomlError} If a key is unknown.
 */
export function substituteMatrix(
  file: SimFile,
  values: Variant["values"],
  shared: boolean,
): SimFile {
  const { document } = file;
  const faults = new Faults();
  const { matrix, ...rest } = document.value;
  const value = mapStrings(
    rest,
    (text, path) =>
      text.replace(/\$\{matrix\.([^${}]*)\}/g, (written, key: string) => {
        const found = values.get(key);
        if (found !== undefined) return found;
        if (shared) return written;
        faults.add(
          document.where(path),
          values.size === 0
            ? `"${written}" is not known: there is no [matrix]`
            : `"${written}" is not known` + choices(key, values.keys(), "The matrix has"),
        );
        return written;
      }),
  );
  faults.throwIfAny();
  const kept = matrix === undefined ? value : { ...value, matrix };
  return { ...file, document: document.withValue(kept) };
}
