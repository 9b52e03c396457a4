import { environmentVariable } from "../options/environment.ts";
import { RecordError } from "./errors.ts";

/** The environment variable that restricts the faults of a run. */
export const FAULTS_VARIABLE = "NETYARD_FAULTS";

/** The value that leaves out all faults. */
const NONE = "none";

/**
 * Parses the value of `NETYARD_FAULTS`: the IDs of the faults that are injected, or `none`.
 *
 * @throws {RecordError} It is neither.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseFaults("f1,s1.2"), ["f1", "s1.2"]);
 * assertEquals(parseFaults("none"), []);
 * ```
 */
export function parseFaults(text: string): string[] {
  if (text === NONE) return [];
  const ids = text.split(",").map((id) => id.trim());
  if (ids.every((id) => /^[\w.-]+$/.test(id))) return ids;
  throw new RecordError(
    `${FAULTS_VARIABLE} is ${
      JSON.stringify(text)
    }, but must be IDs of faults such as "f1,s1.2", or "none"`,
  );
}

/** The value of `NETYARD_FAULTS` for some faults. */
export function faultsText(ids: readonly string[]): string {
  return ids.length === 0 ? NONE : ids.join(",");
}

/**
 * The IDs of the faults that this process injects; undefined for all.
 *
 * @throws {RecordError} The variable has another value.
 */
export function onlyFaults(): string[] | undefined {
  const text = environmentVariable(FAULTS_VARIABLE);
  return text === undefined ? undefined : parseFaults(text);
}
