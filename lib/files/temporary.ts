let instead: string | undefined;

/** Where what lives no longer than this process goes: `TMPDIR`, or `/tmp`. */
export function temporary(): string {
  if (instead !== undefined) return instead;
  const { state } = Deno.permissions.querySync({ name: "env", variable: "TMPDIR" });
  return (state === "granted" && Deno.env.get("TMPDIR")) || "/tmp";
}

/**
 * Has it go to a directory of the caller's, until the result is disposed. For tests: the environment is
 * that of the whole process, in which others run meanwhile.
 */
export function temporaryIn(directory: string): Disposable {
  instead = directory;
  return {
    [Symbol.dispose]() {
      instead = undefined;
    },
  };
}
