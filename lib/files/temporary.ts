let override: string | undefined;

/** Returns the directory for files that live no longer than this process: `TMPDIR`, or `/tmp`. */
export function temporary(): string {
  if (override !== undefined) return override;
  const { state } = Deno.permissions.querySync({ name: "env", variable: "TMPDIR" });
  return (state === "granted" && Deno.env.get("TMPDIR")) || "/tmp";
}

/**
 * Makes {@link temporary} return another directory, until the result is disposed. For tests, which
 * cannot change the environment: it belongs to the whole process, where other tests run meanwhile.
 */
export function temporaryIn(directory: string): Disposable {
  override = directory;
  return {
    [Symbol.dispose]() {
      override = undefined;
    },
  };
}
