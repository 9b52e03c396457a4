import { Lab } from "../lab/lab.ts";
import type { LabOptions } from "../lab/options/options.ts";

/** How a {@link labTest} is run. */
export interface LabTestOptions extends LabOptions {
  /** Everything that `Deno.test` takes besides the name and the function. */
  test?: Omit<Deno.TestDefinition, "name" | "fn">;
}

/** What a {@link labTest} does with its lab. */
export type LabTestFunction = (lab: Lab, t: Deno.TestContext) => void | Promise<void>;

/**
 * A `Deno.test` with a lab of its own, which is closed when the function ends,
 * however it ends. Labs never see each other, so tests run in parallel.
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
/** With options for the lab and the test. */
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
