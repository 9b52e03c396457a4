import { NetyardError } from "../../../native/error.ts";
import { nearest } from "../../options/nearest.ts";

/** The keys and the indices that lead to a part of a `LabConfig`. */
export type ConfigPath = readonly (string | number)[];

/** A fault in a `LabConfig`. */
export interface ConfigFault {
  /** The part that has the fault. */
  path: ConfigPath;
  /** What the part is, and what it must be. */
  message: string;
}

/** How many known names a message lists at most. */
const MAX_NAMED = 12;

/** Collects the faults of a `LabConfig`. */
export class ConfigFaults {
  readonly list: ConfigFault[] = [];
  /** The name of a part in messages. */
  readonly what: (path: ConfigPath) => string;

  constructor(what: (path: ConfigPath) => string) {
    this.what = what;
  }

  /** Records a fault; `text` continues the message after the name of the part. */
  add(path: ConfigPath, text: string): void {
    this.list.push({ path, message: this.what(path) + text });
  }

  /**
   * Runs a check, which gets the name of the part for its message. If the check throws, records the fault
   * and returns undefined.
   */
  attempt<T>(path: ConfigPath, act: (what: string) => T): T | undefined {
    try {
      return act(this.what(path));
    } catch (error) {
      if (!(error instanceof NetyardError)) throw error;
      this.list.push({ path, message: error.message });
    }
  }

  /**
   * Records that a name is not one of the known names.
   *
   * @param wanted What it must be the name of: `router or bridge`.
   * @param is What it is the name of instead, if anything.
   */
  unknown(path: ConfigPath, name: string, wanted: string, known: string[], is?: string): void {
    const why = is
      ? `that is a ${is}, and it must be a ${wanted}`
      : `there is no ${wanted} of that name`;
    const some = known.slice(0, MAX_NAMED).join(", ") + (known.length > MAX_NAMED ? ", ..." : "");
    const meant = is ? undefined : nearest(name, known);
    this.add(
      path,
      ` is ${JSON.stringify(name)}, but ${why}; there are: ${some || "none"}` +
        (meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`),
    );
  }
}
