import { framesOf } from "../bundle/error_info.ts";
import { Lab } from "../lab/lab.ts";
import type { LabOptions } from "../lab/options/options.ts";

const OWN_FILE = decodeURIComponent(new URL(import.meta.url).pathname);

/** The options of a {@link labTest}. */
export interface LabTestOptions extends LabOptions {
  /** The options of `Deno.test`, except the name and the function. */
  test?: Omit<Deno.TestDefinition, "name" | "fn">;
  /**
   * `"on-failure"` records the lab, and keeps the record if the test fails: a directory and a zip file with
   * the error and its source, a drawing of the topology, all events, the programs' output, the seed and
   * the versions. The message of the error says where it is: in the directory that the environment
   * variable `NETYARD_FAILURES` names, or in `.netyard-work/failures`, where the newest 20 stay. The
   * record of a test that passes is removed. Default: the environment variable `NETYARD_RECORD` if it is
   * `on-failure`, else `"off"`.
   */
  record?: "on-failure" | "off";
}

/** The function of a {@link labTest}. */
export type LabTestFunction = (lab: Lab, t: Deno.TestContext) => void | Promise<void>;

/**
 * Registers a `Deno.test` with its own lab, which is closed when the function ends, even by an error. Labs are
 * isolated from each other, so tests can run in parallel.
 *
 * @example
 * ```ts ignore
 * import { labTest } from "@netyard/netyard/testing";
 * import { assertEquals } from "@std/assert";
 *
 * labTest("a laptop behind a home NAT reaches the server", async (lab) => {
 *   const dc = await lab.addRouter("dc", { preset: "public" });
 *   const home = await lab.addRouter("home", { preset: "home" });
 *   const server = await lab.addDevice("server", { interfaces: { eth0: { gateway: dc } } });
 *   const laptop = await lab.addDevice("laptop", { interfaces: { eth0: { gateway: home } } });
 *   const ping = await laptop.command("ping", { args: ["-c", "1", server.ip!] }).output();
 *   assertEquals(ping.code, 0);
 * });
 * ```
 */
export function labTest(name: string, fn: LabTestFunction): void;
/** Registers the test with options for the lab and the test. */
export function labTest(name: string, options: LabTestOptions, fn: LabTestFunction): void;
export function labTest(
  name: string,
  optionsOrFn: LabTestOptions | LabTestFunction,
  maybeFn?: LabTestFunction,
): void {
  const [options, fn] = typeof optionsOrFn === "function"
    ? [{}, optionsOrFn]
    : [optionsOrFn, maybeFn];
  if (typeof fn !== "function") {
    throw new TypeError(`labTest("${name}") takes a function as its last argument`);
  }
  const { test, record = environmentRecord(), ...labOptions } = options;
  if (!["on-failure", "off"].includes(record)) {
    throw new TypeError(
      `labTest("${name}"): record is ${JSON.stringify(record)}; it is "on-failure" or "off"`,
    );
  }
  // The file of a test that is not recorded is not looked for.
  const file = record === "off" ? null : callerFile(new Error().stack);
  const withLabel = { label: labelOf(name), ...labOptions };
  Deno.test({
    ...test,
    name,
    async fn(t) {
      if (record === "on-failure") {
        const { recorded } = await import("../bundle/recorded.ts");
        return await recorded({ kind: "test", name, file }, withLabel, (lab) => fn(lab, t));
      }
      await using lab = await Lab.create(withLabel);
      await fn(lab, t);
    },
  });
}

/** The path of the file that called {@link labTest}; null if it is not a file. */
function callerFile(stack = ""): string | null {
  const caller = framesOf(stack).find(({ file }) => file !== OWN_FILE);
  return caller?.file ?? null;
}

function environmentRecord(): "on-failure" | "off" {
  // Without --allow-env the variable counts as unset.
  const { state } = Deno.permissions.querySync({ name: "env", variable: "NETYARD_RECORD" });
  const isOn = state === "granted" && Deno.env.get("NETYARD_RECORD") === "on-failure";
  return isOn ? "on-failure" : "off";
}

function labelOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) ||
    "test";
}
