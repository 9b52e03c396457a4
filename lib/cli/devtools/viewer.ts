import { type Environment, processVariable } from "../command/colors.ts";

/** Names the process with which a server ends, in the environment of the server. */
const PARENT = "NETYARD_SERVE_WITH";

/** Says that the server was started, to a process that restarts itself as root of a user namespace. */
const STARTED = "NETYARD_SERVED";

/**
 * Starts `netyard serve --open` as a process of its own, which ends with this one. Labs are not disturbed by
 * what the page reads, and a rootless `netyard run`, which has a network namespace of its own, is reachable.
 *
 * @returns the variable by which a restarted process knows that it was done, as `NAME=value`
 */
export async function startViewer(directory: string, environment: Environment): Promise<string> {
  const variable = `${STARTED}=1`;
  if (environment(STARTED)) return variable;
  await Deno.mkdir(directory, { recursive: true });
  const words = (await Deno.readTextFile("/proc/self/cmdline")).split("\0").slice(0, -1);
  const [program, ...args] = words.slice(0, words.length - Deno.args.length);
  new Deno.Command(program === "deno" ? Deno.execPath() : program, {
    args: [...args, "serve", directory, "--open"],
    env: { [PARENT]: String(Deno.pid) },
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn().unref();
  return variable;
}

const POLL_MS = 250;

/** Calls `end` when the process that started this server is gone; returns whether there is one. */
export function endWithParent(end: () => void): boolean {
  const parent = Number(processVariable(PARENT));
  if (!parent) return false;
  const timer = setInterval(() => {
    if (Deno.ppid === parent) return;
    clearInterval(timer);
    end();
  }, POLL_MS);
  Deno.unrefTimer(timer);
  return true;
}
