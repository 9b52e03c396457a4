/**
 * The root of every error that Netyard throws on purpose.
 *
 * Each subclass stands for one cause, and each message says what was asked,
 * what is wrong, and what to do about it.
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
  /** Takes what `Error` takes. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    // The class's own name, so that a printed stack tells the cause.
    this.name = new.target.name;
  }
}
