import { NetyardError } from "../../native/error.ts";
import type { Namespace } from "../../native/namespace.ts";
import { findProgram, SYSTEM_DIRECTORIES } from "../../native/process/process.ts";
import { installAdvice } from "../host/install.ts";
import { readOsRelease } from "../host/os_release.ts";

/** What a call of tc(8) came to. */
export interface TcOutput {
  /** The exit code. */
  code: number;
  /** What it printed. */
  stdout: string;
  /** What it complained about. */
  stderr: string;
}

/** Calls tc(8) in a namespace, and waits for it. */
export type RunTc = (namespace: Namespace, args: string[], input?: string) => TcOutput;

/** tc(8) refused something; the message says what. */
export class TcError extends NetyardError {
  /** What tc was called with, and the line of the batch that failed. */
  readonly argv: readonly string[];
  /** Its exit code. */
  readonly code: number;
  /** What it said. */
  readonly stderr: string;

  /** `what` says what it was called for. */
  constructor(what: string, argv: readonly string[], { code, stderr }: TcOutput) {
    const said = stderr.trim().split("\n").slice(-TAIL).join("\n");
    super(`${what}: \`${argv.join(" ")}\` failed with exit code ${code}: ${said}`);
    this.argv = argv;
    this.code = code;
    this.stderr = stderr;
  }
}

/** So many lines of what tc said are told. */
const TAIL = 5;

/** Where tc(8) is, whether or not PATH has its directory. */
export function findTc(): string | undefined {
  return findProgram("tc") ?? findProgram("tc", SYSTEM_DIRECTORIES);
}

/** Calls the tc(8) of this host. */
export const runTc: RunTc = (namespace, args, input) => {
  const tc = findTc();
  if (!tc) {
    const advice = installAdvice(["tc"], readOsRelease());
    throw new NetyardError(`conditions of links need tc, which is nowhere: install it: ${advice}`);
  }
  // A call that waits cannot be given input; a shell can.
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
 * Has tc(8) carry out lines in a row, up to the first that fails.
 *
 * @throws {TcError} with the line that failed.
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
