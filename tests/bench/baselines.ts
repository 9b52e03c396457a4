/**
 * Yardsticks for the time a lab takes: the fastest that the kernel allows (`floor.c`), what a shell
 * script with batches takes, and what a careful one reaches (`script.sh`). All wire the same
 * topology: an IX, `routers` home routers on it, `devices` devices behind each.
 *
 * They need root, or the root of a user namespace, and run in network namespaces of their own.
 *
 * @module
 */

/** One build and its end. */
export interface Times {
  buildMs: number;
  /** Until the caller goes on. The kernel cleans up for long after, and slows the next build. */
  closeMs: number;
}

/** Where a ruleset has the router's own WAN address. */
export const TEMPLATE_WAN = "198.18.0.2";

const here = new URL(".", import.meta.url);

let directory: Promise<string> | undefined;
let compiled: Promise<boolean> | undefined;
let files = 0;

/**
 * Times of the C program.
 *
 * @param ruleset The text of each router's nftables rules, with {@linkcode TEMPLATE_WAN} in it.
 * @param repeats Labs built and closed back to back. The first finds an idle kernel, the others the
 *   cleanup of the one before.
 * @returns One a repeat; `undefined` where there is no gcc.
 */
export async function floorTimes(
  routers: number,
  devices: number,
  ruleset: string,
  repeats: number,
): Promise<Times[] | undefined> {
  compiled ??= compile();
  if (!await compiled) return undefined;
  const rules = await write(ruleset);
  const batch = `${rules}.batch`;
  await Deno.writeFile(batch, new Uint8Array()); // stays empty for a ruleset without a rule
  await run("unshare", ["--net", "nft", "-f", rules], {
    LD_PRELOAD: `${await workspace()}/capture.so`,
    NETYARD_BATCH: batch,
  });
  const arguments_ = [routers, devices, batch, repeats].map(String);
  return parse(await run(`${await workspace()}/floor`, arguments_));
}

/**
 * Times of the shell script; the parameters are those of {@linkcode floorTimes}.
 *
 * @param how `plain` enters namespaces by ip-netns(8), one after the other, as such scripts do;
 *   `careful` avoids what that costs, and builds on all cores.
 */
export async function scriptTimes(
  how: "plain" | "careful",
  routers: number,
  devices: number,
  ruleset: string,
  repeats: number,
): Promise<Times[]> {
  const args = ["script.sh", ...[routers, devices, await write(ruleset), repeats].map(String)];
  return parse(await run("bash", args, { SCRIPT_PLAIN: how === "plain" ? "1" : "" }));
}

/** Removes what was compiled and written. Either function may be called again after it. */
export async function close(): Promise<void> {
  const made = directory;
  await compiled?.catch(() => {}); // the caller of floorTimes has seen it
  directory = undefined;
  compiled = undefined;
  if (made !== undefined) await Deno.remove(await made, { recursive: true });
}

/** For `await using baselines = disposable()`. */
export function disposable(): AsyncDisposable {
  return { [Symbol.asyncDispose]: close };
}

function workspace(): Promise<string> {
  return directory ??= Deno.makeTempDir({ prefix: "netyard-bench-" });
}

async function write(ruleset: string): Promise<string> {
  const path = `${await workspace()}/rules-${files++}.nft`;
  await Deno.writeTextFile(path, ruleset);
  return path;
}

async function compile(): Promise<boolean> {
  const target = await workspace();
  try {
    await run("gcc", ["-O2", "-o", `${target}/floor`, "floor.c"]);
    await run("gcc", ["-O2", "-shared", "-fPIC", "-o", `${target}/capture.so`, "capture.c"]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  return true;
}

async function run(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const output = await new Deno.Command(program, { args, env, cwd: here, stdin: "null" }).output();
  if (!output.success) {
    const said = new TextDecoder().decode(output.stderr).trimEnd().slice(-2000);
    throw new Error(`${[program, ...args].join(" ")} ended with ${output.code}: ${said}`);
  }
  return new TextDecoder().decode(output.stdout);
}

function parse(lines: string): Times[] {
  return lines.trimEnd().split("\n").map((line): Times => JSON.parse(line));
}
