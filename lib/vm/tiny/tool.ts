import { NetyardError } from "../../../native/error.ts";

/** A program of the host failed; the message has what it was called with and what it said. */
export class ToolError extends NetyardError {
  /** What it wrote to its standard error. */
  readonly stderr: string;

  /** Takes the command line, the exit code, and what was said. */
  constructor(argv: readonly string[], code: number, stderr: string) {
    const said = stderr.trim().split("\n").slice(-TAIL).join("\n");
    super(`\`${argv.join(" ")}\` failed with exit code ${code}: ${said}`);
    this.stderr = stderr;
  }
}

/** So many lines of what it said are told. */
const TAIL = 5;

/**
 * Runs a program of the host, in English, and waits for it.
 *
 * @returns What it wrote to its standard output.
 * @throws {ToolError} If it fails.
 * @throws {Deno.errors.NotFound} If there is none of that name.
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
