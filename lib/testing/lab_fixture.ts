import { Lab } from "../lab/lab.ts";
import type { LabSnapshot } from "../lab/guest/lab_snapshot.ts";
import type { LabOptions } from "../lab/options/options.ts";

/** The function of a test of a {@link labFixture}. */
export type FixtureTestFunction<T> = (
  fixture: T & { lab: Lab },
  t: Deno.TestContext,
) => void | Promise<void>;

/** A lab that several tests share; it is restored before each of them. */
export interface LabFixture<T> {
  /** Registers a `Deno.test` that begins with the lab as it was built. */
  test(name: string, fn: FixtureTestFunction<T>): void;
  /** Registers it with other options of `Deno.test`. */
  test(
    name: string,
    options: Omit<Deno.TestDefinition, "name" | "fn">,
    fn: FixtureTestFunction<T>,
  ): void;
}

/**
 * Builds one lab for the tests of a file. Before each test, the virtual machines, and the partitions and
 * impairments of bridges, are restored: booting and setting up takes seconds once, and a fraction of a second
 * per test. Programs in devices and routers are not restored.
 *
 * The lab is built by the first test that runs, which fails if the build fails. It is closed after the last
 * test of the file.
 *
 * @example
 * ```ts ignore
 * import { labFixture } from "@netyard/netyard/testing";
 * import { assert } from "@std/assert";
 *
 * const pair = labFixture({ label: "pair" }, async (lab) => {
 *   const lan = lab.bridge("lan");
 *   const [a, b] = ["a", "b"].map((name) => lab.vm(name, { bridges: [lan] }));
 *   await lab.boot();
 *   return { lan, a, b };
 * });
 *
 * pair.test("a reaches b", async ({ a }) => {
 *   assert((await a.run("ping -c 1 b.lan")).ok());
 * });
 *
 * pair.test("a partition separates them", async ({ lan, a, b }) => {
 *   await lan.partition(a, b);
 *   assert(!(await a.run("ping -c 1 -W 1 b.lan")).ok());
 * });
 * ```
 */
export function labFixture<T extends object>(
  options: LabOptions,
  build: (lab: Lab) => Promise<T>,
): LabFixture<T> {
  let built: Promise<Built<T>> | undefined;
  Deno.test.afterAll(async () => {
    const { lab } = await built?.catch(() => undefined) ?? {};
    await lab?.close();
  });
  const test = (
    name: string,
    optionsOrFn: Omit<Deno.TestDefinition, "name" | "fn"> | FixtureTestFunction<T>,
    maybeFn?: FixtureTestFunction<T>,
  ) => {
    const [testOptions, fn] = typeof optionsOrFn === "function"
      ? [{}, optionsOrFn]
      : [optionsOrFn, maybeFn];
    if (typeof fn !== "function") {
      throw new TypeError(`the test "${name}" takes a function as its last argument`);
    }
    Deno.test({
      // The lab outlives the test that builds it.
      sanitizeOps: false,
      sanitizeResources: false,
      ...testOptions,
      name,
      async fn(t) {
        const isUsed = built !== undefined;
        const { lab, fixture, snapshot } = await (built ??= buildFixture(options, build));
        if (isUsed) await lab.restore(snapshot);
        await fn({ ...fixture, lab }, t);
      },
    });
  };
  return { test };
}

interface Built<T> {
  lab: Lab;
  fixture: T;
  snapshot: LabSnapshot;
}

async function buildFixture<T>(
  options: LabOptions,
  build: (lab: Lab) => Promise<T>,
): Promise<Built<T>> {
  const lab = await Lab.create(options);
  try {
    const fixture = await build(lab);
    return { lab, fixture, snapshot: await lab.snapshot() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}
