import { NetyardError } from "../../native/error.ts";

/** A fault in a TOML file. */
export interface TomlFault {
  /** The file, with the line if it is known: `sims/a.toml:12`. */
  where: string;
  /** What the value is, and what it must be. */
  message: string;
}

/** A TOML file has faults; the message has a line for each, with the file and line. */
export class TomlError extends NetyardError {
  /** The faults, in the order of the lines. */
  readonly faults: readonly TomlFault[];

  /** Takes at least one fault. */
  constructor(faults: readonly TomlFault[], options?: ErrorOptions) {
    super(faults.map(({ where, message }) => `${where}: ${message}`).join("\n"), options);
    this.faults = faults;
  }
}
