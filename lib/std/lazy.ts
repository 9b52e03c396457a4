/**
 * The ground floor: stand-ins for packages of the Deno standard library, for machines that reach npm and
 * not JSR, and two ways to do things on first use: `lazy` for a value, `late` for a module. Imports
 * nothing.
 *
 * @module
 */

/** Builds a value at its first use, such as a schema that most scripts never need. */
export function lazy<T>(build: () => T): () => T {
  let value: T | undefined;
  return () => value ??= build();
}
