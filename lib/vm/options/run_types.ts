/** How to run a command in a guest. */
export interface RunOptions {
  /**
   * Variables of its environment, beside `PATH`, `HOME` and `USER`, which are those of root on any
   * system. What the agent's own environment holds does not reach the command.
   */
  env?: Record<string, string>;
  /** Whether to leave out `PATH`, `HOME` and `USER`, too. Default false. */
  clearEnv?: boolean;
  /** The directory to run it in. Default: that of the agent, which is `/`. */
  cwd?: string;
  /** What it reads from its standard input. Default: nothing. */
  stdin?: string | Uint8Array;
  /** When to kill it, in milliseconds. Default 30000, and more where guests run slowly. */
  timeoutMs?: number;
}

/** How to start a command that goes on in a guest: as {@linkcode RunOptions}, but without an end. */
export type SpawnOptions = Omit<RunOptions, "timeoutMs">;

/** How a command ended. */
export interface RunStatus {
  /** Its exit code; 128 and the signal's number if a signal ended it, as shells count. */
  readonly exitCode: number;
  /** The signal that ended it, for example `SIGKILL`. */
  readonly signal: string | null;
  /** Whether it ended by itself, or by a signal. */
  readonly status: "exited" | "signaled";
}

/** How a command in a guest ended, and what it printed. */
export interface RunResult extends RunStatus {
  /** What it printed, read as UTF-8. */
  readonly stdout: string;
  /** What it printed to its standard error, read as UTF-8. */
  readonly stderr: string;
  /** What it printed, byte by byte. */
  readonly stdoutBytes: Uint8Array<ArrayBuffer>;
  /** What it printed to its standard error, byte by byte. */
  readonly stderrBytes: Uint8Array<ArrayBuffer>;
  /** Whether it printed more than the 16 MiB that the agent keeps of either. */
  readonly truncated: boolean;
  /** Whether it exited with 0. */
  ok(): boolean;
  /**
   * Itself, if the command exited with 0.
   *
   * @throws {GuestCommandError} If not; it shows the ends of what the command printed.
   */
  assertOk(): this;
}
