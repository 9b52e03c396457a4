import { NetyardError } from "../../../native/error.ts";

/** A program of the host failed; the message has its command line and its last output. */
export class ToolError extends NetyardError {
  /** Its standard error. */
  readonly stderr: string;

  /** `stderr` is the whole standard error. */
  constructor(argv: readonly string[], code: number, stderr: string) {
    const lastLines = stderr.trim().split("\n").slice(-TAIL).join("\n");
    super(`\`${argv.join(" ")}\` failed with exit code ${code}: ${lastLines}`);
    this.stderr = stderr;
  }
}

/** How many lines of its standard error the message has. */
const TAIL = 5;

/**
 * Runs a program of the host in the C locale, and waits for it.
 *
 * @returns Its standard output.
 * @throws {ToolError} If it fails.
 * @throws {Deno.errors.NotFound} If there is no such program.
 */
export async function runTool(argv: readonly string[], cwd?: string): Promise<Uint8Array> {
  const { success, code, stdout, stderr } = await new Deno.Command(argv[0], {
    args: argv.slice(1),
    cwd,
    env: { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
  }).output();
  if (!success) throw new ToolError(argv, code, new TextDecoder().decode(stderr));
  return stdout;
}

/** As {@link runTool}, for text. */
export async function toolText(argv: readonly string[], cwd?: string): Promise<string> {
  return new TextDecoder().decode(await runTool(argv, cwd));
}
