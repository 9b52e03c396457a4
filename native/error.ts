/**
 * The base class of all errors that Netyard throws.
 *
 * Each subclass is for one cause. Each message says what was requested, what is wrong, and what to do.
 *
 * @example
 * ```ts
 * import { Lab, NetyardError } from "@netyard/netyard";
 *
 * await using lab = await Lab.create();
 * try {
 *   await lab.addRouter("Not A Name");
 * } catch (error) {
 *   if (error instanceof NetyardError) console.error(error.message);
 * }
 * ```
 */
export class NetyardError extends Error {
  /** The parameters are those of `Error`. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    // The name of the class, so that a printed stack shows the cause.
    this.name = new.target.name;
  }
}
