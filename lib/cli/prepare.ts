import { dirname } from "node:path";
import { tinyBootFiles } from "../vm/tiny/boot_files.ts";
import type { Invocation } from "./command.ts";
import type { PREPARE_OPTIONS } from "./commands/prepare.ts";

/**
 * The command `netyard prepare`: makes the programs of simulations, or, without any, fills the cache
 * with the boot files of the profile `tiny`. It stays the user that it is, in the network that it is in.
 *
 * @returns the exit code: 0 when they are there.
 */
export async function prepare(
  { arguments: files, stdout, stderr }: Invocation<typeof PREPARE_OPTIONS>,
): Promise<number> {
  if (files.length > 0) throw new Error("files");
  const { kernel } = await tinyBootFiles({ onProgress: (line) => stderr.line(line) });
  stdout.line(`the profile "tiny" is in ${dirname(kernel)}`);
  return 0;
}
