import {
  processEnvironment,
  replaceProcess,
  toByteString,
} from "../../../native/process/process.ts";
import { enterRootless } from "../../../native/process/reexec.ts";
import type { Invocation } from "../command/command.ts";
import type { SHELL_OPTIONS } from "./shell_command.ts";
import { readTopology } from "./topology_file.ts";

/**
 * The command `netyard shell`: replaces itself by Deno's prompt. The prompt builds the lab, so that the lab
 * ends with it, however it ends.
 *
 * @returns never; the exit code is that of the prompt
 */
export async function shell(
  { options, arguments: [path] }: Invocation<typeof SHELL_OPTIONS>,
): Promise<number> {
  const topology = path === undefined
    ? { title: "shell", config: {} }
    : await readTopology(path, options.variant);
  enterRootless();
  const session = import.meta.resolve("./shell_session.ts");
  const code = `await (await import(${JSON.stringify(session)})).begin(${
    JSON.stringify(topology)
  })`;
  const argv = ["deno", "repl", "--quiet", "-A", ...importMap(), "--eval", code];
  replaceProcess(Deno.execPath(), argv.map(toByteString), processEnvironment());
}

/** The import map for modules from a clone; published modules need none. */
function importMap(): string[] {
  const config = new URL("../../../deno.json", import.meta.url);
  return config.protocol === "file:" ? ["--config", decodeURIComponent(config.pathname)] : [];
}
