import { NetyardError } from "../../../native/error.ts";

/** What is known of a program that made a step fail. */
export interface ProgramEnd {
  /** What was run, with all values filled in. */
  command?: string[];
  exitCode?: number;
  signal?: string;
  /** The last lines of its standard error. */
  stderr?: string[];
  /** The node that it ran in. */
  device?: string;
}

/** A step did not do what it was to; the message says what was expected, and what was there. */
export class StepError extends NetyardError {
  /** What the step is said to be. Default: `"failed"`. */
  readonly status: "failed" | "timed-out" | "interrupted";
  /** The program that it failed by, if there was one. */
  readonly program: ProgramEnd;

  /** Takes what `Error` takes, and what else is known. */
  constructor(
    message: string,
    { status = "failed", program = {}, ...options }: ErrorOptions & {
      status?: StepError["status"];
      program?: ProgramEnd;
    } = {},
  ) {
    super(message, options);
    this.status = status;
    this.program = program;
  }
}

/** The simulation ends before its last step: its time is up, or it was interrupted. */
export class SimulationEndedError extends NetyardError {
  readonly status: "timed-out" | "interrupted";

  /** `message` goes before the step that it was at. */
  constructor(status: "timed-out" | "interrupted", message: string) {
    super(message);
    this.status = status;
  }
}
