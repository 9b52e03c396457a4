/** Builds a value at its first use, such as a schema that most scripts never need. */
export function lazy<T>(build: () => T): () => T {
  let value: T | undefined;
  return () => value ??= build();
}
