import { NetyardError } from "../../../native/error.ts";

/** A program of a simulation is missing, or cannot be built; the message says where it is declared. */
export class BinaryError extends NetyardError {
  /** Where the program is declared: `sims/a.toml:12`, or the option: `--binary relay:path:bin/relay`. */
  readonly where: string;
  /** What is wrong, without the place. */
  readonly detail: string;

  /** `detail` says what was requested, what is wrong, and what to do. */
  constructor(where: string, detail: string, options?: ErrorOptions) {
    super(`${where}: ${detail}`, options);
    this.where = where;
    this.detail = detail;
  }
}
