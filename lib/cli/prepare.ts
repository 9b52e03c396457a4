import { dirname } from "node:path";
import { parseArgs } from "@std/cli/parse-args";
import { NetyardError } from "../../native/error.ts";
import { tinyBootFiles } from "../vm/tiny/boot_files.ts";

/** What `netyard prepare --help` prints. */
export const PREPARE_USAGE = `Makes what virtual machines of the profile "tiny" boot from.

They make it themselves at their first boot, but for scripts that run without root: those have no
network to get Debian's packages by. Run this as the user who is to run them. What is there already
stays as it is.

Usage: netyard prepare [options]

Options:
  -h, --help  print this text

Exit codes: 0 when it is there, 1 when it cannot be made here, 2 for wrong options.
`;

/**
 * The command `netyard prepare`: fills the cache with the boot files of the profile `tiny`. It stays
 * the user that it is, in the network that it is in.
 *
 * @returns the exit code: 0 when they are there, 1 when they cannot be made; 2 for wrong options.
 */
export async function prepare(args: readonly string[]): Promise<number> {
  const unknown: string[] = [];
  const options = parseArgs(args, {
    boolean: ["help"],
    alias: { help: "h" },
    unknown: (arg) => {
      unknown.push(arg);
      return false;
    },
  });
  if (options.help) {
    console.log(PREPARE_USAGE.trimEnd());
    return 0;
  }
  if (unknown.length > 0) {
    console.error(
      `netyard prepare does not know ${unknown.join(", ")}\n\n${PREPARE_USAGE.trimEnd()}`,
    );
    return 2;
  }
  try {
    const { kernel } = await tinyBootFiles({ onProgress: (line) => console.error(line) });
    console.log(`the profile "tiny" is in ${dirname(kernel)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof NetyardError)) throw error;
    console.error(error.message);
    return 1;
  }
}
