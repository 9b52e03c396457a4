import { NetyardError } from "../../native/error.ts";

/** What is wrong in a TOML file. */
export interface TomlFault {
  /** The file, and the line if it is known: `sims/a.toml:12`. */
  where: string;
  /** What is there, and what it must be. */
  message: string;
}

/** A TOML file that is not as it must be; the message has a line for each fault, with its place. */
export class TomlError extends NetyardError {
  /** What is wrong, in the order of the lines. */
  readonly faults: readonly TomlFault[];

  /** One fault at least. */
  constructor(faults: readonly TomlFault[], options?: ErrorOptions) {
    super(faults.map(({ where, message }) => `${where}: ${message}`).join("\n"), options);
    this.faults = faults;
  }
}
