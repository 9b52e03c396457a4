import { NetyardError } from "../../../native/error.ts";

/** The program that made a step fail, as far as it is known. */
export interface ProgramEnd {
  /** The command, with all references filled in. */
  command?: string[];
  exitCode?: number;
  signal?: string;
  /** The last lines of its standard error. */
  stderr?: string[];
  /** The node that it ran in. */
  device?: string;
}

/** A step failed; the message says what was expected, and what was found. */
export class StepError extends NetyardError {
  /** The status of the step. Default: `"failed"`. */
  readonly status: "failed" | "timed-out" | "interrupted";
  /** The program that failed, if any. */
  readonly program: ProgramEnd;

  /** Takes the arguments of `Error`, and the fields. */
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

/** The simulation ends before its last step: it reached its time limit, or was interrupted. */
export class SimulationEndedError extends NetyardError {
  readonly status: "timed-out" | "interrupted";

  /** `message` precedes the name of the current step. */
  constructor(status: "timed-out" | "interrupted", message: string) {
    super(message);
    this.status = status;
  }
}
