import { NetyardError } from "../../native/error.ts";
import type { Namespace } from "../../native/namespace.ts";
import { findProgram, SYSTEM_DIRECTORIES } from "../../native/process/process.ts";
import { installAdvice } from "../host/install.ts";
import { readOsRelease } from "../host/os_release.ts";

/** The result of a call of tc(8). */
export interface TcOutput {
  /** The exit code. */
  code: number;
  /** Its output. */
  stdout: string;
  /** Its error messages. */
  stderr: string;
}

/** Calls tc(8) in a namespace and waits for it. */
export type RunTc = (namespace: Namespace, args: string[], input?: string) => TcOutput;

/** The number of last lines of tc's error messages in an error. */
const TAIL = 5;

/** tc(8) failed; the message has its command line and its reason. */
export class TcError extends NetyardError {
  /** The command line of tc, or the line of the batch that failed. */
  readonly argv: readonly string[];
  /** Its exit code. */
  readonly code: number;
  /** Its error messages. */
  readonly stderr: string;

  /** `what` is the operation in the message. */
  constructor(what: string, argv: readonly string[], { code, stderr }: TcOutput) {
    const reason = stderr.trim().split("\n").slice(-TAIL).join("\n");
    super(`${what}: \`${argv.join(" ")}\` failed with exit code ${code}: ${reason}`);
    this.argv = argv;
    this.code = code;
    this.stderr = stderr;
  }
}

/** Finds tc(8), also if PATH lacks its directory. */
export function findTc(): string | undefined {
  return findProgram("tc") ?? findProgram("tc", SYSTEM_DIRECTORIES);
}

/** Calls tc(8) of this host. */
export const runTc: RunTc = (namespace, args, input) => {
  const tc = findTc();
  if (!tc) {
    const advice = installAdvice(["tc"], readOsRelease());
    throw new NetyardError(
      `conditions of links need tc, which is not installed; install it: ${advice}`,
    );
  }
  // A synchronous call cannot pass input; a shell can.
  const [program, ...rest] = input === undefined
    ? [tc, ...args]
    : ["/bin/sh", "-c", 'input=$1; shift; printf %s "$input" | "$@"', "sh", input, tc, ...args];
  const { code, stdout, stderr } = namespace.enter(() =>
    new Deno.Command(program, { args: rest, stdin: "null" }).outputSync()
  );
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
};

/**
 * Executes lines by tc(8) in their order, up to the first that fails.
 *
 * @throws {TcError} With the line that failed.
 */
export function tcBatch(
  run: RunTc,
  namespace: Namespace,
  what: string,
  lines: readonly string[],
): void {
  if (lines.length === 0) return;
  const output = run(namespace, ["-batch", "-"], lines.map((line) => `${line}\n`).join(""));
  if (output.code === 0) return;
  const failed = /Command failed -:(\d+)/.exec(output.stderr)?.[1];
  throw new TcError(what, ["tc", ...failed ? lines[Number(failed) - 1].split(" ") : []], {
    ...output,
    stderr: output.stderr.replace(/^Command failed -:\d+\n?/m, ""),
  });
}
