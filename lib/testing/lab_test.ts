import { Lab } from "../lab/lab.ts";
import type { LabOptions } from "../lab/options/options.ts";

/** The options of a {@link labTest}. */
export interface LabTestOptions extends LabOptions {
  /** The options of `Deno.test`, except the name and the function. */
  test?: Omit<Deno.TestDefinition, "name" | "fn">;
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
  const { test, ...labOptions } = options;
  Deno.test({
    ...test,
    name,
    async fn(t) {
      await using lab = await Lab.create({ label: labelOf(name), ...labOptions });
      await fn(lab, t);
    },
  });
}

function labelOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) ||
    "test";
}
