import { Lab } from "../lab/lab.ts";
import type { LabSnapshot } from "../lab/guest/lab_snapshot.ts";
import type { LabOptions } from "../lab/options/options.ts";

/** What the tests of a {@link labFixture} get. */
export type FixtureTestFunction<T> = (
  fixture: T & { lab: Lab },
  t: Deno.TestContext,
) => void | Promise<void>;

/** A lab that several tests share; each finds it as it was built. */
export interface LabFixture<T> {
  /** A `Deno.test` that begins with the lab as it was built. */
  test(name: string, fn: FixtureTestFunction<T>): void;
  /** With what `Deno.test` takes besides. */
  test(
    name: string,
    options: Omit<Deno.TestDefinition, "name" | "fn">,
    fn: FixtureTestFunction<T>,
  ): void;
}

/**
 * A lab that is built once for the tests of a file, and whose virtual machines, partitions and
 * impairments of bridges are put back before each of them: what takes seconds to boot and to set up
 * costs a fraction of one a test. What runs in devices and routers is not put back.
 *
 * Building begins with the first test that runs, which fails if it does; the lab is closed after the
 * last test of the file.
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
 * pair.test("a partition keeps them apart", async ({ lan, a, b }) => {
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
    const [more, fn] = typeof optionsOrFn === "function"
      ? [{}, optionsOrFn]
      : [optionsOrFn, maybeFn];
    if (typeof fn !== "function") {
      throw new TypeError(`the test "${name}" takes a function as its last argument`);
    }
    Deno.test({
      // The lab outlives the test that builds it.
      sanitizeOps: false,
      sanitizeResources: false,
      ...more,
      name,
      async fn(t) {
        const used = built !== undefined;
        const { lab, fixture, snapshot } = await (built ??= make(options, build));
        if (used) await lab.restore(snapshot);
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

async function make<T>(
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
