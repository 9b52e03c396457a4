import { NetyardError } from "../../../native/error.ts";
import { nearest } from "../../options/nearest.ts";

/** The keys and the indices that lead to a part of a `LabConfig`. */
export type ConfigPath = readonly (string | number)[];

/** What is wrong in a `LabConfig`. */
export interface ConfigFault {
  /** Where. */
  path: ConfigPath;
  /** What is there, and what it must be. */
  message: string;
}

/** A message names so many others at most. */
const MAX_NAMED = 12;

/** What is wrong in a `LabConfig`, as it is found. */
export class ConfigFaults {
  readonly list: ConfigFault[] = [];
  /** How messages call a part of it. */
  readonly what: (path: ConfigPath) => string;

  constructor(what: (path: ConfigPath) => string) {
    this.what = what;
  }

  /** Notes a fault; what it says goes on behind the name of the place. */
  add(path: ConfigPath, says: string): void {
    this.list.push({ path, message: this.what(path) + says });
  }

  /** Does what may refuse, which gets the name of the place for its message; undefined if it did. */
  attempt<T>(path: ConfigPath, act: (what: string) => T): T | undefined {
    try {
      return act(this.what(path));
    } catch (error) {
      if (!(error instanceof NetyardError)) throw error;
      this.list.push({ path, message: error.message });
    }
  }

  /**
   * Notes that a name is none of those that it may be.
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
