import type { Failure } from "./write_bundle.ts";

/** A failure that another process describes. */
export type FailureAtExit =
  & Omit<Failure, "error">
  & Required<Pick<Failure, "described" | "facts">>;

/** What {@linkcode writeAtExit} tells the other process. */
interface Task {
  directory: string;
  failure: FailureAtExit;
}

/**
 * Writes a bundle while this process exits, when nothing asynchronous is run any more: by another process.
 *
 * @returns the path of the bundle
 * @throws {Error} It cannot be written, with the reason.
 */
export function writeAtExit(directory: string, failure: FailureAtExit): string {
  const task: Task = { directory, failure };
  const file = Deno.makeTempFileSync({ prefix: "netyard-bundle-", suffix: ".json" });
  try {
    Deno.writeTextFileSync(file, JSON.stringify(task));
    const { success, stdout, stderr } = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", "--no-lock", import.meta.url, file],
      stdin: "null",
    }).outputSync();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    if (!success) throw new Error(text(stderr).split("\n")[0]);
    return text(stdout);
  } finally {
    Deno.removeSync(file);
  }
}

if (import.meta.main) {
  const { directory, failure }: Task = JSON.parse(await Deno.readTextFile(Deno.args[0]));
  const { writeBundle } = await import("./write_bundle.ts");
  console.log(await writeBundle(directory, { ...failure, error: undefined }));
}
