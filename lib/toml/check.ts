import type { z } from "zod";
import { checkOptions } from "../options/parse_options.ts";
import type { TomlDocument, TomlPath } from "./document.ts";
import { TomlError, type TomlFault } from "./errors.ts";

/**
 * Parses a part of a document by a schema.
 *
 * @param value The part, if it differs from the one at `path`, as after a substitution. Its faults have the
 * lines of that one.
 * @throws {TomlError} If the part does not fit the schema, one line for each fault.
 */
export function checkToml<S extends z.core.$ZodType>(
  schema: S,
  document: TomlDocument,
  path: TomlPath = [],
  value: unknown = valueAt(document.value, path),
): z.output<S> {
  const result = checkOptions(schema, value, "key");
  if ("data" in result) return result.data;
  throw new TomlError(result.faults.map((fault): TomlFault => ({
    where: document.where([...path, ...fault.path]),
    message: fault.message,
  })));
}

function valueAt(root: unknown, path: TomlPath): unknown {
  return path.reduce(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    root,
  );
}
