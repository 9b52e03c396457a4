/** How to run a command in a guest. */
export interface RunOptions {
  /**
   * Environment variables besides `PATH`, `HOME` and `USER`, which have root's usual values. The
   * agent's own environment does not reach the command.
   */
  env?: Record<string, string>;
  /** Whether to leave out `PATH`, `HOME` and `USER` too. Default false. */
  clearEnv?: boolean;
  /** The working directory. Default: the agent's, which is `/`. */
  cwd?: string;
  /** Its standard input. Default: empty. */
  stdin?: string | Uint8Array;
  /** When to kill it, in milliseconds. Default 30000, and longer where guests run slowly (TCG). */
  timeoutMs?: number;
}

/** How to start a command that keeps running: as {@linkcode RunOptions}, but without a deadline. */
export type SpawnOptions = Omit<RunOptions, "timeoutMs">;

/** How a command ended. */
export interface RunStatus {
  /** Its exit code; 128 plus the signal's number if a signal ended it, as in shells. */
  readonly exitCode: number;
  /** The signal that ended it, for example `SIGKILL`; null if none did. */
  readonly signal: string | null;
  /** Whether it ended by itself, or by a signal. */
  readonly status: "exited" | "signaled";
}

/** How a command in a guest ended, and what it printed. */
export interface RunResult extends RunStatus {
  /** Its standard output, decoded as UTF-8. */
  readonly stdout: string;
  /** Its standard error, decoded as UTF-8. */
  readonly stderr: string;
  /** Its standard output as bytes. */
  readonly stdoutBytes: Uint8Array<ArrayBuffer>;
  /** Its standard error as bytes. */
  readonly stderrBytes: Uint8Array<ArrayBuffer>;
  /** Whether it printed more than the 16 MiB that the agent keeps of each stream. */
  readonly truncated: boolean;
  /** Whether it exited with 0. */
  ok(): boolean;
  /**
   * Returns the result itself if the command exited with 0.
   *
   * @throws {GuestCommandError} If not; it shows the last lines of the output.
   */
  assertOk(): this;
}
