/**
 * The `netyard` command.
 *
 * ```sh
 * deno run -A jsr:@netyard/netyard/cli doctor
 * ```
 *
 * @module
 */
import { COMMANDS } from "./commands.ts";
import { dispatch } from "./dispatch.ts";

/**
 * Runs the command that the arguments name.
 *
 * @returns the exit code of the command; 2 for a wrong command line
 *
 * @example
 * ```ts
 * import { main } from "@netyard/netyard/cli";
 *
 * console.assert(await main(["--version"]) === 0);
 * ```
 */
export async function main(args: readonly string[]): Promise<number> {
  return await dispatch(COMMANDS, args);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
